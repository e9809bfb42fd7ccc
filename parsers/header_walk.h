// How decode_packet() goes from header to header: each function takes one header off the rest of the packet, notes what it tells, and
// says which header stands next.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "parsers/packet.h"

namespace tcpwitness {

/// What is left of a packet: the captured bytes, and how many there were on the wire.
struct Rest {
    std::string_view bytes;
    std::uint32_t wire;

    bool has(std::size_t size) const { return bytes.size() >= size; }
    std::uint8_t u8(std::size_t at) const { return static_cast<std::uint8_t>(bytes[at]); }
    std::uint16_t u16(std::size_t at) const { return static_cast<std::uint16_t>(u8(at) << 8 | u8(at + 1)); }
    std::uint16_t le16(std::size_t at) const { return static_cast<std::uint16_t>(u8(at + 1) << 8 | u8(at)); }
    std::uint32_t le32(std::size_t at) const { return std::uint32_t{le16(at + 2)} << 16 | le16(at); }
    std::uint32_t u32(std::size_t at) const { return std::uint32_t{u16(at)} << 16 | u16(at + 2); }
    const std::uint8_t* data(std::size_t at) const { return reinterpret_cast<const std::uint8_t*>(bytes.data()) + at; }

    bool skip(std::size_t size) {
        if (!has(size)) return false;
        bytes.remove_prefix(size);
        wire -= static_cast<std::uint32_t>(std::min<std::size_t>(size, wire));
        return true;
    }

    /// What stands behind `length` bytes is padding. 0: the header's field cannot say (TSO, jumbograms), what was on the wire counts.
    void limit(std::uint32_t length) {
        if (length == 0) return;
        wire = length;
        bytes = bytes.substr(0, length);
    }
};

enum class Header : std::uint8_t { none, ethernet, llc, wifi, mpls, ppp, pppoe, ip, ipv4, ipv6, tcp, icmp, icmp6, udp, gre };

// link_headers.cpp
Header read_link(std::uint16_t link_type, Rest& rest, Packet& to);
Header read_ethernet(Rest& rest, Packet& to);
Header read_llc(Rest& rest, Packet& to);
Header read_mpls(Rest& rest);
Header read_ppp(Rest& rest, Packet& to);
Header read_pppoe(Rest& rest);

// ether_types.cpp
/// By EtherType; VLAN tags and the like are taken off.
Header header_of_ether_type(std::uint16_t type, Rest& rest, Packet& to);
/// By the next-protocol numbers that NSH and VXLAN-GPE share.
Header header_of_next_protocol(std::uint8_t number, Rest& rest);
/// The innermost headers cannot be read, and TCP may stand there.
Header opaque(Opaque::What what, Packet& to, std::uint16_t number = 0);

// wifi_headers.cpp
Header read_radiotap(Rest& rest);
Header read_wifi(Rest& rest, Packet& to);

// ip_headers.cpp
Header read_ip(const Rest& rest);
Header read_ipv4(Rest& rest, Packet& to);
Header read_ipv6(Rest& rest, Packet& to);

// tunnel_headers.cpp
Header read_gre(Rest& rest, Packet& to);
Header read_udp(Rest& rest, Packet& to);

// The ends of the walk: they set Packet::kind.
void read_tcp(const Rest& rest, Packet& to);               // tcp_header.cpp
void read_icmp(Rest& rest, bool v6, Packet& to);           // icmp_header.cpp

}  // namespace tcpwitness
