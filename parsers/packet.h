// One captured packet, from its link header to its TCP or ICMP header, decoded without copying: what a capture's analysis works on.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "model/address.h"

namespace tcpwitness {

/// Why nobody knows what a packet carries: TCP may be inside.
struct Opaque {
    enum class What : std::uint8_t { none, link_type, ether_type, wifi_protected, macsec, esp, ip_compression, l2tp3, capwap_dtls, batman };
    What what = What::none;
    std::uint16_t number = 0;  ///< of the link type, or the EtherType

    auto operator<=>(const Opaque&) const = default;
};
std::string words_for(const Opaque&);  ///< "packets of link type 189", "ESP packets, which are encrypted"

/// The innermost TCP or ICMP header of a packet, behind whatever wraps it: VLAN tags, MPLS, PPP, tunnels, Wi-Fi, IPv6 extension headers. Reuse one
/// object for all packets of a file: decode_packet() sets every field anew.
struct Packet {
    enum class Kind : std::uint8_t {
        other,          ///< nothing that concerns TCP, or too damaged to tell
        tcp,
        fragment,       ///< a later fragment of an IP packet: no TCP header, addresses are set
        icmp_error,     ///< about a TCP segment: source and destination, ports and seq are those of the quoted segment
        echo_request,   ///< `payload` is the size of its data
    };
    Kind kind = Kind::other;
    Address source, destination;           ///< of the innermost IP header; icmp_error: of the quoted one
    std::uint16_t source_port = 0, destination_port = 0;
    std::uint32_t seq = 0, ack = 0;        ///< raw; icmp_error: the quoted segment's
    std::uint16_t window = 0;              ///< unscaled; 65535 where it was not captured: nobody shall take that for closed
    std::uint8_t flags = 0;                ///< tcp_flag::
    std::uint8_t ttl = 0;                  ///< or hop limit, of the innermost IP header; icmp_error: of the ICMP packet itself
    std::uint16_t ip_id = 0;               ///< IPv4 only
    std::uint32_t payload = 0;             ///< bytes of data on the wire, captured or not
    std::string_view data;                 ///< as many of them as were captured
    std::uint32_t marks = 0;               ///< segment_mark:: that stand before any analysis: what a text did not show (model/not_shown.h)
    bool dont_fragment = false, more_fragments = false;
    bool truncated = false;                ///< the TCP header itself was not captured whole; options may be missing
    std::uint8_t depth = 0;                ///< tunnels around it
    std::uint16_t ip_at = 0;               ///< where in the frame the innermost IP header stands

    Opaque opaque;                         ///< of Kind::other

    // TCP options
    std::uint8_t options_length = 0;
    bool has_timestamps = false, sack_permitted = false;
    std::uint32_t tsval = 0, tsecr = 0;
    std::uint16_t mss = 0;                 ///< 0 = no option
    std::int8_t window_scale = -1;         ///< -1 = no option
    std::uint8_t sack_count = 0;
    struct Sack { std::uint32_t left, right; };
    std::array<Sack, 4> sack{};

    // ICMP
    std::uint8_t icmp_type = 0, icmp_code = 0;
    bool icmp_v6 = false;
    std::uint32_t icmp_mtu = 0;            ///< next hop's, where the error tells it
    Address icmp_sender, icmp_receiver;    ///< of the ICMP packet itself
    std::uint16_t echo_id = 0, echo_seq = 0;
    std::uint16_t quoted_bytes = 0;        ///< length of the quoted packet, IP header included

    // link
    std::array<std::uint8_t, 6> source_mac{}, destination_mac{};
    bool has_mac = false, has_destination_mac = false;
    std::int8_t direction = 0;             ///< as the link header tells (cooked captures): 1 outgoing, -1 incoming, 0 not told

    /// How far the segment reaches in sequence space: SYN and FIN count one.
    std::uint32_t length_in_sequence() const { return payload + (flags & 1) + (flags >> 1 & 1); }
};

/// Decodes as far as `bytes` go. `wire_length`: the packet's own length. Survives any bytes; caps every chain of headers.
void decode_packet(std::uint16_t link_type, std::string_view bytes, std::uint32_t wire_length, Packet& to);

}  // namespace tcpwitness
