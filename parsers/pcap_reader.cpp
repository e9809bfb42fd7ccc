#include "parsers/pcap_reader.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>

#include <fmt/format.h>

namespace tcpwitness {

namespace {

constexpr std::size_t file_header = 24, packet_header = 16;
constexpr std::uint32_t usual_limit = 262'144, limit = 16u << 20;  // bytes of a packet; libpcap's own limits
constexpr std::uint32_t microseconds = 0xa1b2c3d4, nanoseconds = 0xa1b23c4d;
constexpr std::uint32_t modified = 0xa1b2cd34;  // Kuznetsov's patch of 1998: eight more bytes a packet, in more than one layout

struct Magic {
    std::uint32_t value;
    bool swapped;
};

std::optional<Magic> magic_of(std::string_view bytes) {
    if (bytes.size() < sizeof(std::uint32_t)) return std::nullopt;
    std::uint32_t value;
    std::memcpy(&value, bytes.data(), sizeof value);
    for (const bool swapped : {false, true}) {
        const std::uint32_t straight = swapped ? __builtin_bswap32(value) : value;
        if (straight == microseconds || straight == nanoseconds || straight == modified) return Magic{straight, swapped};
    }
    return std::nullopt;
}

}  // namespace

bool PcapReader::recognise(std::string_view first_bytes) { return magic_of(first_bytes).has_value(); }

std::uint32_t PcapReader::number32(const char* at) const {
    std::uint32_t value;
    std::memcpy(&value, at, sizeof value);
    return swapped_ ? __builtin_bswap32(value) : value;
}

Result<std::unique_ptr<CaptureReader>> PcapReader::open(BlockBuffer buffer) {
    std::unique_ptr<PcapReader> reader(new PcapReader(std::move(buffer)));
    if (const Status read = reader->read_header(); !read) return read.error();
    return std::unique_ptr<CaptureReader>(std::move(reader));
}

Status PcapReader::read_header() {
    const auto header = buffer_.peek(file_header);
    if (!header) return header.error();
    const auto magic = magic_of(*header);
    if (!magic) return Error{"not a pcap capture"};
    if (magic->value == modified) return Error{"a pcap in Kuznetsov's modified form; convert it first: editcap -F pcapng IN OUT"};
    if (header->size() < file_header) {
        ended_ = true;
        cut_note_ = "the file ends inside its header";
        interfaces_.emplace_back();
        return success();
    }
    swapped_ = magic->swapped;
    unit_ns_ = magic->value == microseconds ? 1000 : 1;
    const std::uint32_t version = number32(header->data() + 4);  // two halves, in the file's byte order
    const auto first = static_cast<std::uint16_t>(version), second = static_cast<std::uint16_t>(version >> 16);
    const std::uint16_t major = swapped_ ? second : first, minor = swapped_ ? first : second;
    if (major != 2) return Error{fmt::format("pcap version {}.{} is not known", major, minor)};
    lengths_in_either_order_ = minor < 4;
    const std::uint32_t snap_length = number32(header->data() + 16);
    max_length_ = std::clamp(snap_length, usual_limit, limit);
    CaptureInterface& interface = interfaces_.emplace_back();
    interface.link_type = static_cast<std::uint16_t>(number32(header->data() + 20));  // the upper half tells of checksums behind frames
    buffer_.consume(file_header);
    return success();
}

bool PcapReader::end_at(std::string note) {
    ended_ = true;
    cut_note_ = buffer_.source().cut_note().empty() ? std::move(note) : buffer_.source().cut_note();
    return false;
}

Result<bool> PcapReader::next(CapturedPacket& to) {
    if (ended_) return false;
    buffer_.consume(std::exchange(packet_length_, 0));
    const auto header = buffer_.peek(packet_header);
    if (!header) return ended_ = true, header.error();
    if (header->size() < packet_header)
        return end_at(header->empty() ? "" : fmt::format("the file ends inside a packet that begins at byte {}", buffer_.offset()));
    constexpr char zeros[packet_header] = {};
    if (std::memcmp(header->data(), zeros, packet_header) == 0)  // what a file system leaves of a file when the host goes down
        return end_at(fmt::format("from byte {} on the file holds only zeros", buffer_.offset()));

    const std::uint64_t seconds = number32(header->data()), fraction = number32(header->data() + 4);
    std::uint32_t captured = number32(header->data() + 8), original = number32(header->data() + 12);
    if (lengths_in_either_order_ && captured > original) std::swap(captured, original);
    if (captured > max_length_) {
        ended_ = true;
        return Error{fmt::format("pcap packet {} at byte {}: captured length {} is over the limit of {}", frames_ + 1, buffer_.offset(), captured,
                                 max_length_)};
    }
    const auto whole = buffer_.peek(packet_header + captured);
    if (!whole) return ended_ = true, whole.error();
    if (whole->size() < packet_header + captured)
        return end_at(fmt::format("the file ends inside a packet that begins at byte {}", buffer_.offset()));
    to.time_ns = seconds * 1'000'000'000 + fraction * unit_ns_;  // a fraction of a second or more carries over
    to.has_time = true;
    to.data = whole->substr(packet_header);
    to.original_length = original;
    to.link_type = interfaces_.front().link_type;
    to.interface = 0;
    to.flags = 0;
    to.id = 0;
    to.comments = {};
    to.frame = ++frames_;
    packet_length_ = packet_header + captured;
    return true;
}

}  // namespace tcpwitness
