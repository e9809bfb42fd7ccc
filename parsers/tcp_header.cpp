#include "parsers/header_walk.h"

namespace tcpwitness {

namespace {

void read_sack(const Rest& option, Packet& to) {
    const std::size_t count = (option.bytes.size() - 2) / 8;
    to.sack_count = static_cast<std::uint8_t>(std::min(count, to.sack.size()));
    for (std::size_t i = 0; i < to.sack_count; ++i) to.sack[i] = {option.u32(2 + 8 * i), option.u32(6 + 8 * i)};
}

void read_option(const Rest& option, Packet& to) {
    constexpr std::uint8_t mss = 2, window_scale = 3, sack_permitted = 4, sack = 5, timestamps = 8;
    constexpr std::uint8_t max_scale = 14;  // RFC 7323, 2.3: more counts as 14
    const std::uint8_t kind = option.u8(0), length = option.u8(1);
    if (kind == mss && length == 4) to.mss = option.u16(2);
    if (kind == window_scale && length == 3) to.window_scale = static_cast<std::int8_t>(std::min(option.u8(2), max_scale));
    if (kind == sack_permitted && length == 2) to.sack_permitted = true;
    if (kind == sack && length >= 10 && length % 8 == 2) read_sack(option, to);
    if (kind == timestamps && length == 10) {
        to.has_timestamps = true;
        to.tsval = option.u32(2);
        to.tsecr = option.u32(6);
    }
}

void read_options(Rest options, Packet& to) {
    constexpr std::uint8_t end = 0, padding = 1;
    constexpr std::uint32_t padded_timestamps = 0x0101080a;  // how every stack lays out a data segment's (RFC 7323, appendix A)
    if (options.bytes.size() == 12 && options.u32(0) == padded_timestamps) {
        to.has_timestamps = true;
        to.tsval = options.u32(4);
        to.tsecr = options.u32(8);
        return;
    }
    while (options.has(1) && options.u8(0) != end) {
        if (options.u8(0) == padding) {
            options.skip(1);
            continue;
        }
        if (!options.has(2) || options.u8(1) < 2 || !options.has(options.u8(1))) return;
        const std::uint8_t length = options.u8(1);
        read_option({options.bytes.substr(0, length), 0}, to);
        options.skip(length);
    }
}

}  // namespace

void read_tcp(const Rest& rest, Packet& to) {
    constexpr std::size_t fixed = 20, least = 14;  // up to the flags: what 68 bytes of a frame, once tcpdump's default, hold with IPv6
    if (!rest.has(least)) return;
    const std::size_t header = (rest.u8(12) >> 4) * 4u;
    if (header < fixed) return;
    to.kind = Packet::Kind::tcp;
    to.source_port = rest.u16(0);
    to.destination_port = rest.u16(2);
    to.seq = rest.u32(4);
    to.ack = rest.u32(8);
    to.flags = rest.u8(13);
    to.window = rest.has(16) ? rest.u16(14) : 0xffff;
    to.options_length = static_cast<std::uint8_t>(header - fixed);
    to.payload = rest.wire > header ? rest.wire - static_cast<std::uint32_t>(header) : 0;
    to.truncated = !rest.has(header);
    if (rest.has(fixed) && header > fixed) read_options({rest.bytes.substr(fixed, header - fixed), 0}, to);
    if (!to.truncated) to.data = rest.bytes.substr(header);
}

}  // namespace tcpwitness
