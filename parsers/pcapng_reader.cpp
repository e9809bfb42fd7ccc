#include "parsers/pcapng_reader.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "parsers/pcapng_format.h"

namespace tcpwitness::pcapng {

namespace {

constexpr std::size_t block_frame = 12;  // type, length, and the length again at the end
constexpr std::uint64_t nanoseconds = 1'000'000'000;
constexpr std::uint64_t latest_ns = INT64_MAX;  ///< in the year 2262. Damaged times lie beyond it; sums with this one do not overflow

/// A power of ten or two; 0 where it does not fit.
std::uint64_t resolution(std::uint8_t value) {
    const unsigned exponent = value & 0x7f;
    if (value & 0x80) return exponent < 64 ? std::uint64_t{1} << exponent : 0;
    if (exponent > 19) return 0;
    std::uint64_t units = 1;
    for (unsigned i = 0; i < exponent; ++i) units *= 10;
    return units;
}

}  // namespace

bool Reader::recognise(std::string_view first_bytes) { return first_bytes.starts_with("\x0a\x0d\x0d\x0a"); }

std::uint64_t Reader::Interface::nanoseconds(std::uint64_t units) const {
    constexpr std::uint64_t second = tcpwitness::pcapng::nanoseconds;
    if (units_per_second == second && offset_seconds == 0) return units;
    if (units_per_second == 0) return 0;
    if (const std::uint64_t each = second / units_per_second; offset_seconds == 0 && each * units_per_second == second && units <= UINT64_MAX / each)
        return units * each;  // saves a 128-bit division for every packet
    const auto scaled = static_cast<__int128>(static_cast<unsigned __int128>(units) * second / units_per_second);
    const __int128 sum = scaled + static_cast<__int128>(offset_seconds) * static_cast<std::int64_t>(second);
    return sum < 0 ? 0 : sum > static_cast<__int128>(UINT64_MAX) ? UINT64_MAX : static_cast<std::uint64_t>(sum);
}

std::uint32_t Reader::number32(const char* at) const {
    std::uint32_t value;
    std::memcpy(&value, at, sizeof value);
    return swapped_ ? __builtin_bswap32(value) : value;
}

std::uint16_t Reader::number16(const char* at) const {
    std::uint16_t value;
    std::memcpy(&value, at, sizeof value);
    return swapped_ ? __builtin_bswap16(value) : value;
}

std::uint64_t Reader::number64(const char* at) const {
    std::uint64_t value;
    std::memcpy(&value, at, sizeof value);
    return swapped_ ? __builtin_bswap64(value) : value;
}

Error Reader::error(std::string what) const { return Error{fmt::format("pcapng block at byte {}: {}", block_offset_, what)}; }

/// The body of the next block, or nothing at the end or at a cut.
Result<std::string_view> Reader::read_block() {
    buffer_.consume(std::exchange(block_length_, 0));
    block_offset_ = buffer_.offset();
    const auto head = buffer_.peek(block_frame);
    if (!head) return head.error();
    if (head->size() < block_frame) {
        ended_ = true;
        if (!head->empty()) cut_note_ = fmt::format("the file ends inside a block that begins at byte {}", block_offset_);
        return std::string_view{};
    }
    constexpr char zeros[block_frame] = {};
    if (std::memcmp(head->data(), zeros, block_frame) == 0) {  // what a file system leaves of a file when the host goes down
        ended_ = true;
        cut_note_ = fmt::format("from byte {} on the file holds only zeros", block_offset_);
        return std::string_view{};
    }

    type_ = number32(head->data());
    if (type_ == block::section) {
        std::uint32_t magic;
        std::memcpy(&magic, head->data() + 8, sizeof magic);
        if (magic != byte_order_magic && magic != byte_order_swapped) return error("section header without byte-order magic");
        swapped_ = magic == byte_order_swapped;
    } else if (block_offset_ == 0) {
        return error("not a section header");
    }

    const std::uint32_t length = number32(head->data() + 4);
    if (length < block_frame) return error(fmt::format("its length {} is less than any block's", length));
    if (length % 4 != 0) return error(fmt::format("its length {} is not a multiple of 4", length));
    if (length > max_block) return error(fmt::format("its length {} is over the limit of 16 MiB", length));
    const auto whole = buffer_.peek(length);
    if (!whole) return whole.error();
    if (whole->size() < length) {
        ended_ = true;
        cut_note_ = fmt::format("the file ends inside a block that begins at byte {}", block_offset_);
        return std::string_view{};
    }
    const std::uint32_t trailer = number32(whole->data() + length - 4);
    if (trailer != length) return error(fmt::format("its two lengths differ: {} and {}", length, trailer));
    block_length_ = length;
    block_ = *whole;
    return whole->substr(8, length - block_frame);
}

/// What stands at the buffer's beginning. One block's two lengths may agree by chance; that another one follows makes it sure.
bool Reader::surely_a_packet() {
    constexpr std::size_t fixed = 20, most = 1u << 20;  // headers, or a record
    const auto head = buffer_.peek(block_frame + fixed);
    if (!head || head->size() < block_frame + fixed || number32(head->data()) != block::packet) return false;
    const std::uint32_t length = number32(head->data() + 4), captured = number32(head->data() + 20);
    if (length < block_frame + fixed || length % 4 != 0 || length > most || captured > length - block_frame - fixed) return false;
    if (number32(head->data() + 8) >= interfaces_.size()) return false;
    const auto both = buffer_.peek(length + block_frame);
    if (!both || both->size() < length || number32(both->data() + length - 4) != length) return false;
    if (both->size() < length + block_frame) return both->size() == length;
    const std::uint32_t type = number32(both->data() + length), next = number32(both->data() + length + 4);
    return (type == block::section || (type > 0 && type < 0x100)) && next >= block_frame && next % 4 == 0 && next <= max_block;
}

bool Reader::resume() {
    if (interfaces_.empty()) return false;
    const std::string note = std::exchange(cut_note_, "");
    ended_ = false;
    if (block_length_) return true;  // only what the block holds is wrong
    while (true) {
        const auto ready = buffer_.peek(4);
        if (!ready || ready->size() < 4) break;
        buffer_.consume(1);  // bytes may be missing, or too many
        if (surely_a_packet()) return true;
    }
    ended_ = true;
    cut_note_ = note;
    return false;
}

Result<Reader::Item> Reader::next() {
    while (true) {
        auto item = next_block();
        if (!item || *item != Item::other) return item;
    }
}

Result<Reader::Item> Reader::next_block() {
    if (ended_) return Item::end;
    const auto body = read_block();
    if (!body) {
        ended_ = true;
        return body.error();
    }
    if (ended_) return Item::end;
    Item item = Item::other;
    Status read = success();
    switch (type_) {
        case block::section: item = Item::section, read = read_section(*body); break;
        case block::interface: item = Item::interface, read = read_interface(*body); break;
        case block::packet: item = Item::packet, read = read_packet(*body); break;
        case block::simple_packet: item = Item::packet, read = read_simple_packet(*body); break;
        case block::old_packet: item = Item::packet, read = read_old_packet(*body); break;
        default: frames_ += takes_frame_number(type_); break;
    }
    if (!read) {
        ended_ = true;
        return read.error();
    }
    return item;
}

/// Calls take(code, value) for each option; a list without opt_endofopt ends with its block.
Status Reader::each_option(std::string_view options, auto&& take) {
    while (options.size() >= 4) {
        const std::uint16_t code = number16(options.data());
        const std::size_t length = number16(options.data() + 2);
        if (code == option::end) break;
        options.remove_prefix(4);
        const std::size_t padded = (length + 3) / 4 * 4;
        if (padded > options.size()) return error(fmt::format("option {} of {} bytes reaches past the block", code, length));
        take(code, options.substr(0, length));
        options.remove_prefix(padded);
    }
    return success();
}

Status Reader::read_section(std::string_view body) {
    if (body.size() < 16) return error("section header is too short");
    if (const std::uint16_t major = number16(body.data() + 4); major != 1) return error(fmt::format("pcapng version {} is not known", major));
    section_ = {};
    interfaces_.clear();
    return each_option(body.substr(16), [&](std::uint16_t code, std::string_view value) {
        if (code == option::comment) section_.comments.emplace_back(value);
        if (code == option::section_os) section_.os = value;
        if (code == option::section_application) section_.application = value;
    });
}

Status Reader::read_interface(std::string_view body) {
    if (body.size() < 8) return error("interface description is too short");
    Interface interface;
    interface.link_type = number16(body.data());
    interface.snap_length = number32(body.data() + 4);
    const Status read = each_option(body.substr(8), [&](std::uint16_t code, std::string_view value) {
        if (code == option::interface_name) interface.name = value;
        if (code == option::interface_description) interface.description = value;
        if (code == option::interface_resolution && value.size() == 1)
            interface.units_per_second = resolution(static_cast<std::uint8_t>(value[0]));
        if (code == option::interface_offset && value.size() == 8) interface.offset_seconds = static_cast<std::int64_t>(number64(value.data()));
    });
    interfaces_.push_back(std::move(interface));
    return read;
}

/// Sets what every kind of packet block has; `comments` keeps its memory.
Status Reader::begin_packet(std::uint32_t interface) {
    packet_.frame = ++frames_;
    packet_.interface = interface;
    packet_.has_time = true;
    packet_.flags = 0;
    packet_.id = 0;
    packet_.comments.clear();
    if (interface < interfaces_.size()) return success();
    return error(fmt::format("packet of interface {}, but only {} are described", interface, interfaces_.size()));
}

/// Enhanced and old packet blocks agree from the time on: its two halves, both lengths, the data, options.
Status Reader::read_data(std::string_view body, std::size_t fixed) {
    const Interface& interface = interfaces_[packet_.interface];
    const char* at = body.data() + fixed - 16;
    packet_.time_ns = std::min(interface.nanoseconds(std::uint64_t{number32(at)} << 32 | number32(at + 4)), latest_ns);
    packet_.has_time = interface.units_per_second != 0;
    const std::size_t captured = number32(at + 8);
    packet_.original_length = number32(at + 12);
    body.remove_prefix(fixed);
    if (captured > body.size()) return error(fmt::format("captured length {} reaches past the block", captured));
    packet_.data = body.substr(0, captured);
    const std::size_t padded = (captured + 3) / 4 * 4;  // cannot pass the body's end: both are multiples of 4
    if (padded == body.size()) return success();
    return each_option(body.substr(padded), [&](std::uint16_t code, std::string_view value) {
        if (code == option::comment) packet_.comments.push_back(value);
        if (code == option::packet_flags && value.size() == 4) packet_.flags = number32(value.data());
        if (code == option::packet_id && value.size() == 8 && type_ == block::packet) packet_.id = number64(value.data());
    });
}

Status Reader::read_packet(std::string_view body) {
    constexpr std::size_t fixed = 20;
    if (body.size() < fixed) return error("packet block is too short");
    if (const Status begun = begin_packet(number32(body.data())); !begun) return begun;
    return read_data(body, fixed);
}

Status Reader::read_old_packet(std::string_view body) {
    constexpr std::size_t fixed = 20;  // a drop count of 16 bits stands beside an interface of 16
    if (body.size() < fixed) return error("old packet block is too short");
    if (const Status begun = begin_packet(number16(body.data())); !begun) return begun;
    return read_data(body, fixed);
}

/// Of the section's first interface, without time and without a captured length: that is the least of the original length, the interface's
/// limit and the block's room.
Status Reader::read_simple_packet(std::string_view body) {
    if (body.size() < 4) return error("simple packet block is too short");
    if (const Status begun = begin_packet(0); !begun) return begun;
    packet_.has_time = false;
    packet_.time_ns = 0;
    packet_.original_length = number32(body.data());
    body.remove_prefix(4);
    const std::uint32_t limit = interfaces_.front().snap_length;
    packet_.data = body.substr(0, limit == 0 ? packet_.original_length : std::min(limit, packet_.original_length));
    return success();
}

}  // namespace tcpwitness::pcapng
