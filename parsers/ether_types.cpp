#include "parsers/header_walk.h"

#include <algorithm>

#include <fmt/format.h>

namespace tcpwitness {

namespace {

constexpr int max_tags = 4;

/// Protocols that carry no IP: address resolution, link control, industrial and storage networks, and the like.
constexpr std::uint16_t no_ip_inside[] = {0x0806, 0x0842, 0x22ea, 0x22f0, 0x6002, 0x6003, 0x6004, 0x6007, 0x8035, 0x809b, 0x80f3, 0x8102, 0x8137, 0x8808,
                                          0x8809, 0x8863, 0x886d, 0x8892, 0x8899, 0x888e, 0x8891, 0x889a, 0x88a2, 0x88a4, 0x88ab, 0x88b5, 0x88b6, 0x88b8, 0x88b9, 0x88ba, 0x88c7,
                                          0x88ca, 0x88cc, 0x88cd, 0x88d9, 0x88dc, 0x88e1, 0x88e3, 0x88f5, 0x88f6, 0x88f7, 0x88f8, 0x88fb, 0x8902, 0x8906, 0x890d,
                                          0x8914, 0x8915, 0x8917, 0x8940, 0x9000, 0x9003};

/// RFC 7325: six bytes and options, then a frame.
Header skip_trill(Rest& rest) {
    if (!rest.has(6)) return Header::none;
    const std::size_t options = (rest.u16(0) >> 6 & 0x1fu) * 4;
    return rest.skip(6 + options) ? Header::ethernet : Header::none;
}

/// RFC 8300.
Header skip_service_header(Rest& rest) {
    if (!rest.has(8)) return Header::none;
    const std::size_t size = (rest.u16(0) & 0x3fu) * 4;
    const std::uint8_t next = rest.u8(3);
    return size >= 8 && rest.skip(size) ? header_of_next_protocol(next, rest) : Header::none;
}

/// IEEE 802.1AE: what is not encrypted has an EtherType behind its tag. 0: it is.
std::uint16_t type_behind_macsec(Rest& rest) {
    constexpr std::uint8_t encrypted = 0x08 | 0x04, has_channel = 0x20;
    if (!rest.has(8) || rest.u8(0) & encrypted) return 0;
    if (!rest.skip(rest.u8(0) & has_channel ? 14 : 6) || !rest.has(2)) return 0;
    const std::uint16_t type = rest.u16(0);
    rest.skip(2);
    return type;
}

/// How far behind the EtherType of a tag the next one stands; 0: it is no tag.
std::size_t tag_size(std::uint16_t type) {
    switch (type) {
        case 0x8100:  // VLAN
        case 0x88a8:
        case 0x9100:
        case 0x9200: return 2;
        case 0x8926:  // VN-Tag
        case 0x892f: return 4;  // HSR
        case 0x8909: return 6;  // Cisco's metadata
        default: return 0;
    }
}

}  // namespace

Header opaque(Opaque::What what, Packet& to, std::uint16_t number) {
    to.opaque = {what, number};
    return Header::none;
}

std::string words_for(const Opaque& opaque) {
    switch (opaque.what) {
        case Opaque::What::none: return "packets";
        case Opaque::What::link_type: return fmt::format("packets of link type {}", opaque.number);
        case Opaque::What::ether_type: return fmt::format("packets of EtherType {:#06x}", opaque.number);
        case Opaque::What::wifi_protected: return "encrypted Wi-Fi frames";
        case Opaque::What::macsec: return "encrypted MACsec frames";
        case Opaque::What::esp: return "encrypted ESP packets";
        case Opaque::What::ip_compression: return "compressed IP packets";
        case Opaque::What::l2tp3: return "L2TPv3 packets";
        case Opaque::What::capwap_dtls: return "encrypted CAPWAP packets";
        case Opaque::What::batman: return "B.A.T.M.A.N. packets";
    }
    return "packets";
}

Header header_of_next_protocol(std::uint8_t number, Rest& rest) {
    switch (number) {
        case 1: return Header::ipv4;
        case 2: return Header::ipv6;
        case 3: return Header::ethernet;
        case 4: return skip_service_header(rest);
        case 5: return Header::mpls;
        default: return Header::none;
    }
}

Header header_of_ether_type(std::uint16_t type, Rest& rest, Packet& to) {
    for (int tags = 0; tags <= max_tags; ++tags) {
        if (const std::size_t size = tag_size(type)) {
            if (!rest.has(size + 2)) return Header::none;
            type = rest.u16(size);
            rest.skip(size + 2);
            continue;
        }
        switch (type) {
            case 0x0800: return Header::ipv4;
            case 0x86dd: return Header::ipv6;
            case 0x6558: return Header::ethernet;  // transparent Ethernet bridging
            case 0x8847:
            case 0x8848: return Header::mpls;
            case 0x8864: return Header::pppoe;
            case 0x880b: return Header::ppp;
            case 0x88e7: return rest.skip(4) ? Header::ethernet : Header::none;  // provider backbone bridge (IEEE 802.1ah)
            case 0x22f3: return skip_trill(rest);
            case 0x894f: return skip_service_header(rest);
            case 0x4305: return opaque(Opaque::What::batman, to);
            case 0x88e5:
                type = type_behind_macsec(rest);
                if (!type) return opaque(Opaque::What::macsec, to);
                continue;
            default: break;
        }
        const bool known = type < 0x600 || std::find(std::begin(no_ip_inside), std::end(no_ip_inside), type) != std::end(no_ip_inside);
        return known ? Header::none : opaque(Opaque::What::ether_type, to, type);
    }
    return opaque(Opaque::What::ether_type, to, type);
}

}  // namespace tcpwitness
