#include "parsers/header_walk.h"

namespace tcpwitness {

namespace {

namespace protocol {
constexpr std::uint8_t hop_by_hop = 0, icmp = 1, ipv4 = 4, tcp = 6, udp = 17, ipv6 = 41, routing = 43, fragment = 44, gre = 47, esp = 50, authentication = 51,
                       icmp6 = 58, destination_options = 60, ether_ip = 97, compression = 108, l2tp = 115, mobility = 135, mpls = 137, host_identity = 139, shim6 = 140;
}  // namespace protocol

constexpr int max_extension_headers = 8;

Header header_of_protocol(std::uint8_t number, Rest& rest, Packet& to) {
    switch (number) {
        case protocol::tcp: return Header::tcp;
        case protocol::udp: return Header::udp;
        case protocol::icmp: return Header::icmp;
        case protocol::icmp6: return Header::icmp6;
        case protocol::ipv4: return Header::ipv4;
        case protocol::ipv6: return Header::ipv6;
        case protocol::gre: return Header::gre;
        case protocol::mpls: return Header::mpls;
        case protocol::ether_ip: return rest.skip(2) ? Header::ethernet : Header::none;
        case protocol::esp: return opaque(Opaque::What::esp, to);
        case protocol::compression: return opaque(Opaque::What::ip_compression, to);
        case protocol::l2tp: return opaque(Opaque::What::l2tp3, to);
        default: return Header::none;
    }
}

/// A later fragment has no header behind IP's: the walk ends.
Header later_fragment(std::uint8_t number, Packet& to) {
    if (number == protocol::tcp) to.kind = Packet::Kind::fragment;
    return Header::none;
}

void count_tunnel(Packet& to) { to.depth += to.source.family != Address::Family::none; }

/// IPv6 extension headers, and the authentication header, which IPv4 has too (RFC 8200, RFC 4302).
Header skip_extensions(std::uint8_t next, Rest& rest, Packet& to) {
    for (int headers = 0;; ++headers) {
        switch (next) {
            case protocol::hop_by_hop:
            case protocol::routing:
            case protocol::fragment:
            case protocol::authentication:
            case protocol::destination_options:
            case protocol::mobility:
            case protocol::host_identity:
            case protocol::shim6: break;
            default: return header_of_protocol(next, rest, to);
        }
        if (headers == max_extension_headers || !rest.has(8)) return Header::none;
        const std::uint8_t number = next;
        next = rest.u8(0);
        std::size_t size = (rest.u8(1) + 1u) * 8;
        if (number == protocol::authentication) size = (rest.u8(1) + 2u) * 4;
        if (number == protocol::fragment) {
            const std::uint16_t field = rest.u16(2);
            to.more_fragments = field & 1;
            if ((field & 0xfff8) != 0) return later_fragment(next, to);
            size = 8;
        }
        if (!rest.skip(size)) return Header::none;
    }
}

}  // namespace

Header read_ip(const Rest& rest) {
    if (!rest.has(1)) return Header::none;
    const int version = rest.u8(0) >> 4;
    return version == 4 ? Header::ipv4 : version == 6 ? Header::ipv6 : Header::none;
}

Header read_ipv4(Rest& rest, Packet& to) {
    constexpr std::size_t fixed = 20;
    if (!rest.has(fixed) || rest.u8(0) >> 4 != 4) return Header::none;
    const std::size_t size = (rest.u8(0) & 15u) * 4;
    const std::uint16_t length = rest.u16(2), fragment = rest.u16(6);
    if (size < fixed || (length != 0 && length < size)) return Header::none;
    count_tunnel(to);
    to.ip_id = rest.u16(4);
    to.dont_fragment = fragment & 0x4000;
    to.more_fragments = fragment & 0x2000;
    to.ttl = rest.u8(8);
    const std::uint8_t number = rest.u8(9);
    to.source = Address::ipv4(rest.data(12));
    to.destination = Address::ipv4(rest.data(16));
    if ((fragment & 0x1fff) != 0) return later_fragment(number, to);
    rest.limit(length);
    if (!rest.skip(size)) return Header::none;
    return number == protocol::tcp ? Header::tcp : number == protocol::authentication ? skip_extensions(number, rest, to) : header_of_protocol(number, rest, to);
}

Header read_ipv6(Rest& rest, Packet& to) {
    constexpr std::size_t fixed = 40;
    if (!rest.has(fixed) || rest.u8(0) >> 4 != 6) return Header::none;
    count_tunnel(to);
    to.ip_id = 0;
    to.dont_fragment = to.more_fragments = false;
    to.ttl = rest.u8(7);
    to.source = Address::ipv6(rest.data(8));
    to.destination = Address::ipv6(rest.data(24));
    const std::uint8_t next = rest.u8(6);
    const std::uint16_t length = rest.u16(4);
    rest.skip(fixed);
    rest.limit(length);
    return next == protocol::tcp ? Header::tcp : skip_extensions(next, rest, to);
}

}  // namespace tcpwitness
