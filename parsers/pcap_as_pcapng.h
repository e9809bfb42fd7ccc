#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "parsers/block_buffer.h"
#include "parsers/pcap_records.h"

namespace tcpwitness {

/// The bytes of a classic pcap file as those of a pcapng with one interface: same packets, same times in the same resolution. What is no
/// pcap file passes as it is.
class PcapAsPcapng : public ByteSource {
public:
    /// `application`: who makes this pcapng, for its section header. `source` must outlive it.
    PcapAsPcapng(ByteSource& source, std::string application) : source_(source), in_(source), application_(std::move(application)) {}

    Result<std::size_t> read(void* buffer, std::size_t size) override;
    std::string cut_note() const override { return cut_note_.empty() ? source_.cut_note() : cut_note_; }

private:
    Status begin();
    Status convert();
    Result<std::size_t> pass(void* buffer, std::size_t size);
    std::uint32_t number(std::string_view bytes, std::size_t at) const;

    ByteSource& source_;
    BlockBuffer in_;
    std::string application_, out_, cut_note_;
    std::optional<PcapRecords> records_;  ///< once it is known to be a pcap file
    std::size_t given_ = 0;  ///< of out_
    enum class Kind { not_known, pcap, other } kind_ = Kind::not_known;
    bool swapped_ = false, ended_ = false;
    std::uint32_t units_per_second_ = 1'000'000;
};

}  // namespace tcpwitness
