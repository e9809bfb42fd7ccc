#include "parsers/header_walk.h"

namespace tcpwitness {

namespace {

/// ERSPAN III: twelve bytes, and eight more where its last bit says so.
Header read_erspan3(Rest& rest) {
    if (!rest.has(12)) return Header::none;
    return rest.skip(rest.u8(11) & 1 ? 20 : 12) ? Header::ethernet : Header::none;
}

/// A web cache's redirection (WCCP): the packet, in its second version behind four bytes.
Header read_redirected(Rest& rest) {
    if (rest.has(1) && rest.u8(0) >> 4 == 4) return Header::ipv4;
    return rest.skip(4) ? Header::ipv4 : Header::none;
}

}  // namespace

/// RFC 2784 and 2890; version 1 is PPTP's (RFC 2637), and that of MikroTik's EoIP. ERSPAN II, which switches mirror with, is an Ethernet frame behind 8
/// bytes of its own.
Header read_gre(Rest& rest, Packet& to) {
    if (!rest.has(4)) return Header::none;
    const std::uint16_t flags = rest.u16(0), type = rest.u16(2);
    const bool checksum = flags & 0x8000, routing = flags & 0x4000, key = flags & 0x2000, sequence = flags & 0x1000;
    const int version = flags & 7;
    if (routing || version > 1) return Header::none;
    const bool acknowledgement = version == 1 && flags & 0x0080;
    if (!rest.skip(4 + 4 * (checksum + key + sequence + acknowledgement))) return Header::none;
    constexpr std::uint16_t erspan = 0x88be, erspan3 = 0x22eb, redirected = 0x883e, ethernet_over_ip = 0x6400;
    constexpr std::uint16_t wifi_kind = 0xff00, wifi = 0x8200;  // an access point's, one number for each queue
    if ((type & wifi_kind) == wifi) return Header::wifi;
    switch (type) {
        case erspan: return !sequence || rest.skip(8) ? Header::ethernet : Header::none;
        case erspan3: return read_erspan3(rest);
        case redirected: return read_redirected(rest);
        case ethernet_over_ip: return version == 1 ? Header::ethernet : Header::none;
        default: return header_of_ether_type(type, rest, to);
    }
}

namespace {

Header read_vxlan(Rest& rest) {
    constexpr std::size_t size = 8;
    constexpr std::uint8_t has_network = 0x08;
    if (!rest.has(size) || !(rest.u8(0) & has_network)) return Header::none;
    rest.skip(size);
    return Header::ethernet;
}

Header read_vxlan_generic(Rest& rest) {
    constexpr std::size_t size = 8;
    if (!rest.has(size)) return Header::none;
    const std::uint8_t next = rest.u8(3);
    rest.skip(size);
    return header_of_next_protocol(next, rest);
}

Header read_geneve(Rest& rest, Packet& to) {
    constexpr std::size_t fixed = 8;
    if (!rest.has(fixed) || rest.u8(0) >> 6 != 0) return Header::none;
    const std::size_t options = (rest.u8(0) & 0x3fu) * 4;
    const std::uint16_t type = rest.u16(2);
    return rest.skip(fixed + options) ? header_of_ether_type(type, rest, to) : Header::none;
}

/// 3GPP TS 29.281: a packet of a mobile subscriber, behind headers that each tell the next one.
Header read_gtp(Rest& rest) {
    constexpr std::size_t fixed = 8, more = 4;
    constexpr std::uint8_t user_data = 255;
    if (!rest.has(fixed) || rest.u8(0) >> 5 != 1 || rest.u8(1) != user_data) return Header::none;
    const bool has_more = rest.u8(0) & 7, has_extensions = rest.u8(0) & 4;
    rest.skip(fixed);
    if (!has_more) return Header::ip;
    if (!rest.has(more)) return Header::none;
    std::uint8_t next = rest.u8(3);
    rest.skip(more);
    for (int extensions = 0; has_extensions && next; ++extensions) {
        if (extensions == 8 || !rest.has(4)) return Header::none;
        const std::size_t size = rest.u8(0) * 4u;
        if (size == 0 || !rest.has(size)) return Header::none;
        next = rest.u8(size - 1);
        rest.skip(size);
    }
    return Header::ip;
}

/// RFC 5415, between an access point and its controller: Ethernet or Wi-Fi frames, of which the first fragment is read.
Header read_capwap(Rest& rest, Packet& to) {
    if (!rest.has(8)) return Header::none;
    const std::uint8_t kind = rest.u8(0) & 15;
    if (kind == 1) return opaque(Opaque::What::capwap_dtls, to);
    const std::size_t size = (rest.u8(1) >> 3) * 4u;
    const bool as_it_was = rest.u8(2) & 1, fragment = rest.u8(3) & 0x80, keepalive = rest.u8(3) & 0x08;
    const bool later = fragment && rest.u16(6) >> 3 != 0;
    if (kind != 0 || size < 8 || keepalive || later || !rest.skip(size)) return Header::none;
    return as_it_was ? Header::wifi : Header::ethernet;
}

/// RFC 2661: data, not control; PPP behind it.
Header read_l2tp(Rest& rest) {
    if (!rest.has(8)) return Header::none;
    const std::uint16_t flags = rest.u16(0);
    const bool control = flags & 0x8000, length = flags & 0x4000, sequence = flags & 0x0800, offset = flags & 0x0200;
    if (control || (flags & 15) != 2) return Header::none;
    if (!rest.skip(6 + (length ? 2 : 0) + (sequence ? 4 : 0))) return Header::none;
    if (offset && (!rest.has(2) || !rest.skip(2u + rest.u16(0)))) return Header::none;
    return Header::ppp;
}

/// RFC 4380: IPv6, perhaps behind an indication of where it came from.
Header read_teredo(Rest& rest) {
    if (rest.has(2) && rest.u16(0) == 0) rest.skip(8);
    return rest.has(1) && rest.u8(0) >> 4 == 6 ? Header::ipv6 : Header::none;
}

/// What sniffers send to whoever analyses: tagged fields, then the frame.
Header read_tzsp(Rest& rest) {
    if (!rest.has(4) || rest.u8(0) != 1) return Header::none;
    const std::uint16_t encapsulated = rest.u16(2);
    rest.skip(4);
    constexpr std::uint8_t padding = 0, end = 1;
    for (int fields = 0; fields < 32 && rest.has(1); ++fields) {
        const std::uint8_t tag = rest.u8(0);
        if (tag == end) {
            rest.skip(1);
            return encapsulated == 1 ? Header::ethernet : encapsulated == 0x12 ? Header::wifi : Header::none;
        }
        if (tag == padding ? !rest.skip(1) : !rest.has(2) || !rest.skip(2u + rest.u8(1))) return Header::none;
    }
    return Header::none;
}

/// IKE and its ESP share a port (RFC 3948): IKE has four zeros first, a keepalive is one byte.
Header read_esp_in_udp(const Rest& rest, Packet& to) { return rest.has(8) && rest.u32(0) != 0 ? opaque(Opaque::What::esp, to) : Header::none; }

}  // namespace

/// Tunnels by their ports; of other datagrams nothing is wanted. VXLAN (RFC 7348) has 8472 too, as Linux had it first; Geneve is RFC 8926.
Header read_udp(Rest& rest, Packet& to) {
    constexpr std::size_t udp = 8;
    if (!rest.has(udp)) return Header::none;
    const std::uint16_t from = rest.u16(0), port = rest.u16(2);
    rest.skip(udp);
    constexpr std::uint16_t capwap = 5247, teredo = 3544, l2tp = 1701, esp = 4500;  // answers come from them
    if (from == capwap || port == capwap) return read_capwap(rest, to);
    if (from == teredo || port == teredo) return read_teredo(rest);
    if (from == l2tp || port == l2tp) return read_l2tp(rest);
    if (from == esp || port == esp) return read_esp_in_udp(rest, to);
    switch (port) {
        case 2152: return read_gtp(rest);
        case 4341: return rest.skip(8) ? Header::ip : Header::none;  // LISP
        case 4789:
        case 8472: return read_vxlan(rest);
        case 4790: return read_vxlan_generic(rest);
        case 6081: return read_geneve(rest, to);
        case 6635: return Header::mpls;
        case 37008: return read_tzsp(rest);
        default: return Header::none;
    }
}

}  // namespace tcpwitness
