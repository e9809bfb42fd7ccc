// The records of a classic pcap file, behind its header. A damaged one is lost alone: reading goes on at the next place that is surely a record.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "parsers/block_buffer.h"
#include "parsers/damage.h"

namespace tcpwitness {

/// What the file's header tells of its records.
struct PcapLayout {
    bool swapped = false;                  ///< numbers are in the other byte order than this host's
    bool lengths_in_either_order = false;  ///< before version 2.4
    std::uint32_t units_per_second = 1'000'000;
    std::uint32_t max_length = 262'144;    ///< of a captured packet
};

class PcapRecords {
public:
    struct Record {
        std::uint32_t seconds = 0, fraction = 0, captured = 0, original = 0;
        std::string_view data;  ///< until the next call
    };

    /// `buffer` stands at the first record, and must outlive it.
    PcapRecords(BlockBuffer& buffer, PcapLayout layout) : buffer_(buffer), layout_(layout) {}

    /// False at the end: see cut_note(). Fails only where the file's first record is damaged and no other one follows.
    Result<bool> next(Record& to);

    const std::string& cut_note() const { return cut_note_; }  ///< how the file breaks off; empty = it does not
    const Damage& damage() const { return damage_; }

private:
    struct Header {
        std::uint32_t seconds, fraction, captured, original;
    };

    Header header_at(const char* at) const;
    bool usual(const Header&) const;
    bool surely_records(std::string_view bytes, bool to_the_end) const;
    std::optional<std::size_t> record_within(std::size_t from, std::size_t until);
    bool resume(const std::string& why);
    Result<bool> end(std::string note);

    BlockBuffer& buffer_;
    PcapLayout layout_;
    std::string cut_note_;
    Damage damage_;
    std::optional<std::uint32_t> last_seconds_;  ///< of the last good record
    std::size_t length_ = 0;                     ///< still to be consumed
    std::uint64_t count_ = 0;
    bool ended_ = false;
};

}  // namespace tcpwitness
