#include "parsers/header_walk.h"

namespace tcpwitness {

/// RFC 2784 and 2890; version 1 is PPTP's (RFC 2637). ERSPAN II, which switches mirror with, is an Ethernet frame behind 8 bytes of its own.
Header read_gre(Rest& rest) {
    if (!rest.has(4)) return Header::none;
    const std::uint16_t flags = rest.u16(0), type = rest.u16(2);
    const bool checksum = flags & 0x8000, routing = flags & 0x4000, key = flags & 0x2000, sequence = flags & 0x1000;
    const int version = flags & 7;
    if (routing || version > 1) return Header::none;
    const bool acknowledgement = version == 1 && flags & 0x0080;
    if (!rest.skip(4 + 4 * (checksum + key + sequence + acknowledgement))) return Header::none;
    constexpr std::uint16_t erspan = 0x88be;
    if (type == erspan) return !sequence || rest.skip(8) ? Header::ethernet : Header::none;
    return header_of_ether_type(type, rest);
}

namespace {

Header read_vxlan(Rest& rest) {
    constexpr std::size_t size = 8;
    constexpr std::uint8_t has_network = 0x08;
    if (!rest.has(size) || !(rest.u8(0) & has_network)) return Header::none;
    rest.skip(size);
    return Header::ethernet;
}

Header read_geneve(Rest& rest) {
    constexpr std::size_t fixed = 8;
    if (!rest.has(fixed) || rest.u8(0) >> 6 != 0) return Header::none;
    const std::size_t options = (rest.u8(0) & 0x3fu) * 4;
    const std::uint16_t type = rest.u16(2);
    return rest.skip(fixed + options) ? header_of_ether_type(type, rest) : Header::none;
}

}  // namespace

/// VXLAN (RFC 7348) and Geneve (RFC 8926) by their ports: 4789, or 8472 as Linux had it first; 6081. Of other datagrams nothing is wanted.
Header read_udp(Rest& rest) {
    constexpr std::size_t udp = 8;
    if (!rest.has(udp)) return Header::none;
    const std::uint16_t port = rest.u16(2);
    rest.skip(udp);
    switch (port) {
        case 4789:
        case 8472: return read_vxlan(rest);
        case 6081: return read_geneve(rest);
        default: return Header::none;
    }
}

}  // namespace tcpwitness
