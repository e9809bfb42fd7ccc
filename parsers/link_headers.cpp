#include <cstring>

#include "parsers/header_walk.h"
#include "parsers/link_types.h"

namespace tcpwitness {

namespace {

constexpr int max_vlan_tags = 4, max_labels = 16;

void take_mac(const std::uint8_t* mac, Packet& to) {
    constexpr std::uint8_t zeros[6] = {};
    std::memcpy(to.source_mac.data(), mac, to.source_mac.size());
    to.has_mac = std::memcmp(mac, zeros, sizeof zeros) != 0;
}

/// The cooked header's packet type: to us, broadcast, multicast, to another host (seen in promiscuous mode: not told), from us.
std::int8_t direction_of(std::uint16_t packet_type) { return packet_type == 4 ? 1 : packet_type <= 2 ? -1 : 0; }

/// `arphrd`: the kind of device; `length`: of the sender's hardware address.
void take_cooked(std::uint16_t packet_type, std::uint16_t arphrd, std::size_t length, const std::uint8_t* address, Packet& to) {
    constexpr std::uint16_t arphrd_ethernet = 1;
    to.direction = direction_of(packet_type);
    if (arphrd == arphrd_ethernet && length == to.source_mac.size()) take_mac(address, to);
}

/// BSD loopback: an address family in the byte order of whoever wrote it. AF_INET is 2 everywhere; AF_INET6 is 10 on Linux, 24 on NetBSD and
/// OpenBSD, 28 on FreeBSD, 30 on macOS.
Header read_loopback(Rest& rest) {
    if (!rest.has(4)) return Header::none;
    std::uint32_t family = rest.u32(0);
    if (family > 0xffff) family = __builtin_bswap32(family);
    rest.skip(4);
    switch (family) {
        case 2: return Header::ipv4;
        case 10:
        case 24:
        case 28:
        case 30: return Header::ipv6;
        default: return Header::none;
    }
}

Header read_cooked(Rest& rest, Packet& to) {
    if (!rest.has(16)) return Header::none;
    take_cooked(rest.u16(0), rest.u16(2), rest.u16(4), rest.data(6), to);
    const std::uint16_t type = rest.u16(14);
    rest.skip(16);
    return header_of_ether_type(type, rest);
}

Header read_cooked2(Rest& rest, Packet& to) {
    if (!rest.has(20)) return Header::none;
    take_cooked(rest.u8(10), rest.u16(8), rest.u8(11), rest.data(12), to);
    const std::uint16_t type = rest.u16(0);
    rest.skip(20);
    return header_of_ether_type(type, rest);
}

Header read_cisco_hdlc(Rest& rest) {
    if (!rest.has(4)) return Header::none;
    const std::uint16_t type = rest.u16(2);
    rest.skip(4);
    return header_of_ether_type(type, rest);
}

Header read_ppp_with_direction(Rest& rest, Packet& to) {
    if (!rest.has(1)) return Header::none;
    to.direction = rest.u8(0) == 0 ? -1 : 1;
    rest.skip(1);
    return Header::ppp;
}

}  // namespace

Header read_link(std::uint16_t link_type, Rest& rest, Packet& to) {
    switch (link_type) {
        case link::ethernet: return Header::ethernet;
        case link::linux_sll: return read_cooked(rest, to);
        case link::linux_sll2: return read_cooked2(rest, to);
        case link::raw_ip:
        case link::raw_bsd:
        case link::raw_openbsd: return Header::ip;
        case link::ipv4: return Header::ipv4;
        case link::ipv6: return Header::ipv6;
        case link::null:
        case link::loop: return read_loopback(rest);
        case link::ppp:
        case link::ppp_hdlc: return Header::ppp;
        case link::ppp_ether: return Header::pppoe;
        case link::ppp_with_direction: return read_ppp_with_direction(rest, to);
        case link::cisco_hdlc: return read_cisco_hdlc(rest);
        case link::mpls: return Header::mpls;
        default: return Header::none;
    }
}

Header read_ethernet(Rest& rest, Packet& to) {
    constexpr std::size_t header = 14, snap = 8;
    if (!rest.has(header)) return Header::none;
    take_mac(rest.data(6), to);
    std::memcpy(to.destination_mac.data(), rest.data(0), to.destination_mac.size());
    to.has_destination_mac = to.has_mac && to.depth == 0;  // both are zero on loopback; within a tunnel it names no device of this host
    std::uint16_t type = rest.u16(12);
    rest.skip(header);
    if (type < 0x600) {  // IEEE 802.3: a length; an EtherType may stand behind LLC and SNAP
        if (!rest.has(snap) || rest.u32(0) != 0xaaaa0300 || rest.u16(4) != 0) return Header::none;
        type = rest.u16(6);
        rest.skip(snap);
    }
    return header_of_ether_type(type, rest);
}

Header header_of_ether_type(std::uint16_t type, Rest& rest) {
    for (int tags = 0; tags <= max_vlan_tags; ++tags) {
        switch (type) {
            case 0x0800: return Header::ipv4;
            case 0x86dd: return Header::ipv6;
            case 0x6558: return Header::ethernet;  // transparent Ethernet bridging
            case 0x8847:
            case 0x8848: return Header::mpls;
            case 0x8864: return Header::pppoe;
            case 0x880b: return Header::ppp;
            case 0x8100:
            case 0x88a8:
            case 0x9100:
            case 0x9200: break;
            default: return Header::none;
        }
        if (!rest.has(4)) return Header::none;
        type = rest.u16(2);
        rest.skip(4);
    }
    return Header::none;
}

/// RFC 3032; what the labels carry is not told, so the first nibble decides (RFC 4928).
Header read_mpls(Rest& rest) {
    for (int labels = 0;; ++labels) {
        if (labels == max_labels || !rest.has(5)) return Header::none;
        const bool bottom = rest.u8(2) & 1;
        rest.skip(4);
        if (bottom) break;
    }
    if (rest.u8(0) >> 4 != 0) return read_ip(rest);
    return rest.skip(4) ? Header::ethernet : Header::none;  // a pseudowire's control word (RFC 4385)
}

/// RFC 1661 and 1662: address and control may be left out, and so may the protocol's first byte. Cisco's HDLC comes under the same link types.
Header read_ppp(Rest& rest) {
    constexpr std::uint8_t cisco_unicast = 0x0f, cisco_multicast = 0x8f;
    if (!rest.has(2)) return Header::none;
    if (rest.u8(0) == cisco_unicast || rest.u8(0) == cisco_multicast) return read_cisco_hdlc(rest);
    if (rest.u8(0) == 0xff && rest.u8(1) == 0x03) rest.skip(2);
    if (!rest.has(2)) return Header::none;
    const bool compressed = rest.u8(0) & 1;
    const std::uint16_t protocol = compressed ? rest.u8(0) : rest.u16(0);
    rest.skip(compressed ? 1 : 2);
    switch (protocol) {
        case 0x0021: return Header::ipv4;
        case 0x0057: return Header::ipv6;
        case 0x0281:
        case 0x0283: return Header::mpls;
        default: return Header::none;
    }
}

/// RFC 2516: a session's data has code 0.
Header read_pppoe(Rest& rest) {
    if (!rest.has(6) || rest.u8(0) != 0x11 || rest.u8(1) != 0) return Header::none;
    rest.skip(6);
    return Header::ppp;
}

}  // namespace tcpwitness
