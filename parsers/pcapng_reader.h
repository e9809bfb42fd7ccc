// Reads pcapng block by block from any byte source, in either byte order; trusts no length in it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "parsers/block_buffer.h"

namespace tcpwitness::pcapng {

class Reader {
public:
    explicit Reader(ByteSource& source) : buffer_(source) {}
    explicit Reader(BlockBuffer buffer) : buffer_(std::move(buffer)) {}

    static bool recognise(std::string_view first_bytes);

    enum class Item { section, interface, packet, other, end };

    struct Section {
        std::string os, application;
        std::vector<std::string> comments;
    };

    struct Interface {
        std::uint16_t link_type = 0;
        std::uint32_t snap_length = 0;               ///< 0: no limit
        std::string name, description;
        std::uint64_t units_per_second = 1'000'000;  ///< a power of ten or two; 0: finer than can be held, packets have no time
        std::int64_t offset_seconds = 0;

        /// Since 1970; 0 where the unit is not held, UINT64_MAX where the time is.
        std::uint64_t nanoseconds(std::uint64_t units) const;
    };

    /// Of an enhanced, a simple or an old packet block.
    struct Packet {
        std::uint32_t interface = 0;  ///< index in interfaces()
        std::uint64_t time_ns = 0;    ///< since 1970
        bool has_time = true;         ///< simple packet blocks have none
        std::string_view data;        ///< until the next call
        std::uint32_t original_length = 0;
        std::uint32_t flags = 0;      ///< epb_flags; 0 = not given
        std::uint64_t id = 0;         ///< epb_packetid; 0 = not given
        std::uint64_t frame = 0;      ///< 1-based, as Wireshark numbers the file
        std::vector<std::string_view> comments;  ///< until the next call
    };

    /// What the file begins with, before the first next(): up to 16 bytes.
    Result<std::string_view> first_bytes() { return buffer_.peek(16); }

    /// Reads on to the next block of interest; others are skipped. A file that stops inside a block ends with `Item::end` and cut_note().
    Result<Item> next();

    /// The same, but stops at every block: `Item::other` for those that next() skips.
    Result<Item> next_block();
    std::string_view block() const { return block_; }  ///< the whole of it, as it stands in the file; until the next call
    std::uint32_t block_type() const { return type_; }
    bool swapped() const { return swapped_; }           ///< its numbers are in the other byte order than this host's

    /// After an error, or where the file holds zeros: goes on behind the damaged block where its length can be trusted, else at the next place
    /// where a packet of a known interface is followed by another block or the file's end. False: nothing that is sure follows.
    bool resume();
    std::uint64_t frames() const { return frames_; }  ///< so far, as Wireshark counts them; a damaged packet counts where its block could be told
    std::uint64_t next_offset() const { return buffer_.offset() + block_length_; }  ///< of the block that next() would read

    const Section& section() const { return section_; }                        ///< the current one
    const std::vector<Interface>& interfaces() const { return interfaces_; }  ///< of the current section
    const Packet& packet() const { return packet_; }
    const std::string& cut_note() const { return cut_note_; }                  ///< how the file breaks off; empty = it does not
    std::uint64_t offset() const { return block_offset_; }                     ///< of the block that next() returned

private:
    Result<std::string_view> read_block();
    bool surely_a_packet();
    Status read_section(std::string_view body);
    Status read_interface(std::string_view body);
    Status read_packet(std::string_view body);
    Status read_simple_packet(std::string_view body);
    Status read_old_packet(std::string_view body);
    Status begin_packet(std::uint32_t interface);
    Status read_data(std::string_view body, std::size_t fixed);
    std::uint64_t number64(const char* at) const;
    Status each_option(std::string_view options, auto&& take);
    Error error(std::string what) const;
    std::uint32_t number32(const char* at) const;
    std::uint16_t number16(const char* at) const;

    BlockBuffer buffer_;
    bool swapped_ = false, ended_ = false;
    std::uint32_t type_ = 0;  ///< of the block at block_offset_
    std::size_t block_length_ = 0;  ///< still to be consumed
    std::string_view block_;
    std::uint64_t block_offset_ = 0, frames_ = 0;
    Section section_;
    std::vector<Interface> interfaces_;
    Packet packet_;
    std::string cut_note_;
};

}  // namespace tcpwitness::pcapng
