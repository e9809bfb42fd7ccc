#include "parsers/packet.h"

#include <algorithm>
#include <cstring>
#include <type_traits>

#include "parsers/header_walk.h"

namespace tcpwitness {

namespace {

// VLAN tags, MPLS labels and extension headers have caps of their own; tunnels within tunnels end here.
constexpr int max_headers = 16;
static_assert(std::is_trivially_copyable_v<Packet>);

}  // namespace

void decode_packet(std::uint16_t link_type, std::string_view bytes, std::uint32_t wire_length, Packet& to) {
    static const Packet blank;
    std::memcpy(&to, &blank, sizeof to);  // in one go, where an assignment is made field by field
    Rest rest{bytes, std::max(wire_length, static_cast<std::uint32_t>(std::min<std::size_t>(bytes.size(), UINT32_MAX)))};
    Header next = read_link(link_type, rest, to);
    for (int headers = 0; headers < max_headers; ++headers) {
        switch (next) {
            case Header::none: return;
            case Header::ethernet: next = read_ethernet(rest, to); break;
            case Header::mpls: next = read_mpls(rest); break;
            case Header::llc: next = read_llc(rest, to); break;
            case Header::wifi: next = read_wifi(rest, to); break;
            case Header::ppp: next = read_ppp(rest, to); break;
            case Header::pppoe: next = read_pppoe(rest); break;
            case Header::ip: next = read_ip(rest); break;
            case Header::ipv4:
            case Header::ipv6:
                to.ip_at = static_cast<std::uint16_t>(std::min<std::ptrdiff_t>(rest.bytes.data() - bytes.data(), 0xffff));
                next = next == Header::ipv4 ? read_ipv4(rest, to) : read_ipv6(rest, to);
                break;
            case Header::udp: next = read_udp(rest, to); break;
            case Header::gre: next = read_gre(rest, to); break;
            case Header::tcp: return read_tcp(rest, to);
            case Header::icmp: return read_icmp(rest, false, to);
            case Header::icmp6: return read_icmp(rest, true, to);
        }
    }
}

}  // namespace tcpwitness
