// IEEE 802.11: data frames that are not encrypted carry IP behind LLC.
#include "parsers/header_walk.h"

namespace tcpwitness {

namespace {

constexpr std::uint8_t data_frame = 2, no_data = 4, quality = 8;  // type; bits of the subtype
constexpr std::uint8_t to_system = 1, from_system = 2, encrypted = 0x40, high_throughput = 0x80;

std::uint8_t type_of(std::uint8_t control) { return control >> 2 & 3; }

}  // namespace

/// What the radio told. Two of its fields matter: how long it is, and whether the frame's header is padded.
Header read_radiotap(Rest& rest) {
    if (!rest.has(8)) return Header::none;
    const std::size_t size = rest.le16(2);
    std::size_t at = 8;
    const std::uint32_t present = rest.le32(4);
    for (std::uint32_t more = present; more >> 31;) {
        if (!rest.has(at + 4)) return Header::none;
        more = rest.le32(at);
        at += 4;
    }
    constexpr std::uint32_t has_time = 1, has_flags = 2;
    constexpr std::uint8_t padded = 0x20;
    if (present & has_time) at = (at + 7) / 8 * 8 + 8;
    const bool pads = present & has_flags && at < size && rest.has(at + 1) && rest.u8(at) & padded;
    if (pads) return Header::none;  // seen with one maker's devices only
    return rest.skip(size) ? Header::wifi : Header::none;
}

Header read_wifi(Rest& rest, Packet& to) {
    constexpr std::size_t shortest = 24;
    if (!rest.has(shortest + 2)) return Header::none;
    std::uint8_t control = rest.u8(0), flags = rest.u8(1);
    if (type_of(control) != data_frame && type_of(flags) == data_frame && (flags & 3) == 0) std::swap(control, flags);  // as some access points send it through a tunnel
    const std::uint8_t subtype = control >> 4;
    if (type_of(control) != data_frame || subtype & no_data) return Header::none;
    if (flags & encrypted) return opaque(Opaque::What::wifi_protected, to);
    std::size_t size = shortest + ((flags & to_system) && (flags & from_system) ? 6 : 0);
    if (subtype & quality) {
        if (!rest.has(size + 2)) return Header::none;
        const bool several = rest.u8(size) & 0x80;  // frames in one: the first
        size += 2 + (flags & high_throughput ? 4 : 0) + (several ? 14 : 0);
    }
    return rest.skip(size) ? Header::llc : Header::none;
}

}  // namespace tcpwitness
