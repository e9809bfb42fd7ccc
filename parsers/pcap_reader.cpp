#include "parsers/pcap_reader.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>

#include <fmt/format.h>

namespace tcpwitness {

namespace {

constexpr std::size_t file_header = 24;
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
    const std::uint32_t snap_length = number32(header->data() + 16);
    CaptureInterface& interface = interfaces_.emplace_back();
    interface.link_type = static_cast<std::uint16_t>(number32(header->data() + 20));  // the upper half tells of checksums behind frames
    buffer_.consume(file_header);
    records_.emplace(buffer_, PcapLayout{swapped_, minor < 4, 1'000'000'000 / unit_ns_, std::clamp(snap_length, usual_limit, limit)});
    return success();
}

Result<bool> PcapReader::next(CapturedPacket& to) {
    if (!records_) return false;
    PcapRecords::Record record;
    const auto more = records_->next(record);
    if (!more) return more.error();
    if (!*more) {
        cut_note_ = buffer_.source().cut_note().empty() ? records_->cut_note() : buffer_.source().cut_note();
        return false;
    }
    constexpr std::uint64_t minute_ns = 60'000'000'000;
    if (std::uint64_t{record.fraction} * unit_ns_ >= minute_ns)
        to.time_ns = UINT64_MAX;  // no writer counts on for so long: that is no time
    else to.time_ns = std::uint64_t{record.seconds} * 1'000'000'000 + std::uint64_t{record.fraction} * unit_ns_;  // a fraction of a second or more carries over
    to.has_time = true;
    to.data = record.data;
    to.original_length = record.original;
    to.link_type = interfaces_.front().link_type;
    to.interface = 0;
    to.flags = 0;
    to.id = 0;
    to.comments = {};
    to.frame = ++frames_;
    return true;
}

}  // namespace tcpwitness
