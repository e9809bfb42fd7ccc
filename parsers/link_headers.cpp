#include <cstring>

#include "parsers/header_walk.h"
#include "parsers/link_types.h"

namespace tcpwitness {

namespace {

constexpr int max_labels = 16;

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

constexpr std::uint16_t llc_frame = 4;  // ETH_P_802_2

Header read_cooked(Rest& rest, Packet& to) {
    if (!rest.has(16)) return Header::none;
    take_cooked(rest.u16(0), rest.u16(2), rest.u16(4), rest.data(6), to);
    const std::uint16_t type = rest.u16(14);
    rest.skip(16);
    return type == llc_frame ? Header::llc : header_of_ether_type(type, rest, to);
}

Header read_cooked2(Rest& rest, Packet& to) {
    if (!rest.has(20)) return Header::none;
    take_cooked(rest.u8(10), rest.u16(8), rest.u8(11), rest.data(12), to);
    const std::uint16_t type = rest.u16(0);
    rest.skip(20);
    return type == llc_frame ? Header::llc : header_of_ether_type(type, rest, to);
}

Header read_cisco_hdlc(Rest& rest, Packet& to) {
    if (!rest.has(4)) return Header::none;
    const std::uint16_t type = rest.u16(2);
    rest.skip(4);
    return header_of_ether_type(type, rest, to);
}

/// An LLC frame has a control byte of its own kind; others are the ring's business.
Header read_fddi(Rest& rest) {
    constexpr std::size_t header = 13;
    constexpr std::uint8_t kind = 0xf0, llc = 0x50;
    return rest.has(header) && (rest.u8(0) & kind) == llc && rest.skip(header) ? Header::llc : Header::none;
}

Header read_token_ring(Rest& rest) {
    constexpr std::size_t header = 14;
    constexpr std::uint8_t kind = 0xc0, llc = 0x40, has_route = 0x80;
    if (!rest.has(header + 1) || (rest.u8(1) & kind) != llc) return Header::none;
    const std::size_t route = rest.u8(8) & has_route ? rest.u8(header) & 0x1fu : 0;
    return rest.skip(header + route) ? Header::llc : Header::none;
}

/// RFC 2427: an address of two bytes or four, then what IP comes behind.
Header read_frame_relay(Rest& rest, Packet& to) {
    if (!rest.has(6)) return Header::none;
    rest.skip(rest.u8(1) & 1 ? 2 : 4);
    if (rest.u8(0) == 0x03) rest.skip(1);
    if (rest.has(2) && rest.u8(0) == 0) rest.skip(1);
    if (!rest.has(1)) return Header::none;
    const std::uint8_t kind = rest.u8(0);
    rest.skip(1);
    if (kind == 0xcc) return Header::ipv4;
    if (kind == 0x8e) return Header::ipv6;
    if (kind != 0x80 || !rest.has(5) || rest.u8(0) != 0) return Header::none;
    const std::uint16_t type = rest.u16(3);
    rest.skip(5);
    return header_of_ether_type(type, rest, to);
}

/// The netfilter log: attributes in the byte order of the host that wrote them; one of them is the packet.
Header read_nflog(Rest& rest) {
    constexpr std::uint16_t payload = 9;
    if (!rest.has(4) || rest.u8(1) != 0) return Header::none;
    rest.skip(4);
    const bool little = rest.has(2) && rest.le16(0) >= 4 && rest.has(rest.le16(0));
    while (rest.has(4)) {
        const std::uint16_t length = little ? rest.le16(0) : rest.u16(0), type = little ? rest.le16(2) : rest.u16(2);
        if (length < 4) return Header::none;
        if ((type & 0x7fff) == payload) {
            rest.skip(4);
            return Header::ip;
        }
        if (!rest.skip((length + 3u) / 4 * 4)) return Header::none;
    }
    return Header::none;
}

/// OpenBSD's packet filter log: a header that tells its own length.
Header read_pflog(Rest& rest) {
    if (!rest.has(1)) return Header::none;
    return rest.skip((rest.u8(0) + 3u) / 4 * 4) ? Header::ip : Header::none;
}

/// macOS: a header that names the link type behind it.
Header read_pktap(Rest& rest, Packet& to) {
    if (!rest.has(12)) return Header::none;
    const std::uint32_t size = rest.le32(0), type = rest.le32(8);
    if (size < 12 || type == link::pktap || type > 0xffff || !rest.skip(size)) return Header::none;
    return read_link(static_cast<std::uint16_t>(type), rest, to);
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
        case link::cisco_hdlc: return read_cisco_hdlc(rest, to);
        case link::mpls: return Header::mpls;
        case link::fddi: return read_fddi(rest);
        case link::token_ring: return read_token_ring(rest);
        case link::rfc1483: return Header::llc;
        case link::wifi: return Header::wifi;
        case link::radiotap: return read_radiotap(rest);
        case link::frame_relay: return read_frame_relay(rest, to);
        case link::encryption: return rest.skip(12) ? Header::ip : Header::none;
        case link::pflog: return read_pflog(rest);
        case link::nflog: return read_nflog(rest);
        case link::pktap: return read_pktap(rest, to);
        default: return opaque(Opaque::What::link_type, to, link_type);
    }
}

Header read_ethernet(Rest& rest, Packet& to) {
    constexpr std::size_t header = 14;
    constexpr std::uint16_t least_type = 0x600;  // below it: the frame's length (IEEE 802.3), and LLC behind it
    if (!rest.has(header)) return Header::none;
    take_mac(rest.data(6), to);
    std::memcpy(to.destination_mac.data(), rest.data(0), to.destination_mac.size());
    to.has_destination_mac = to.has_mac && to.depth == 0;  // both are zero on loopback; within a tunnel it names no device of this host
    const std::uint16_t type = rest.u16(12);
    rest.skip(header);
    return type < least_type ? Header::llc : header_of_ether_type(type, rest, to);
}

/// IP has a number of its own in LLC; by SNAP an EtherType stands behind it.
Header read_llc(Rest& rest, Packet& to) {
    constexpr std::size_t llc = 3, snap = 8;
    constexpr std::uint32_t bridge_tunnel = 0xf8;  // IEEE 802.1H
    if (!rest.has(snap)) return Header::none;
    if (rest.u16(0) == 0x0606 && rest.u8(2) == 0x03) return rest.skip(llc) ? Header::ipv4 : Header::none;
    const std::uint32_t organisation = rest.u32(2) & 0xffffff;
    if (rest.u16(0) != 0xaaaa || rest.u8(2) != 0x03 || (organisation != 0 && organisation != bridge_tunnel)) return Header::none;
    const std::uint16_t type = rest.u16(6);
    rest.skip(snap);
    return header_of_ether_type(type, rest, to);
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
Header read_ppp(Rest& rest, Packet& to) {
    constexpr std::uint8_t cisco_unicast = 0x0f, cisco_multicast = 0x8f;
    if (!rest.has(2)) return Header::none;
    if (rest.u8(0) == cisco_unicast || rest.u8(0) == cisco_multicast) return read_cisco_hdlc(rest, to);
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
