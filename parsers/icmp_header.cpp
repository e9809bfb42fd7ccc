#include "parsers/header_walk.h"

namespace tcpwitness {

namespace {

constexpr std::size_t icmp_header = 8;

/// Those that the kernel side takes for errors too; redirects and source quenches end no connection.
bool is_error(std::uint8_t type, bool v6) {
    constexpr std::uint8_t unreachable = 3, time_exceeded = 11, parameter_problem = 12;
    if (v6) return type >= 1 && type <= 4;
    return type == unreachable || type == time_exceeded || type == parameter_problem;
}

bool is_echo_request(std::uint8_t type, bool v6) { return type == (v6 ? 128 : 8); }

/// The packet that an error quotes, of which at least 8 bytes behind the IP header are there (RFC 792, RFC 4443). False: no TCP segment.
bool read_quoted(Rest quoted, bool v6, Packet& to) {
    constexpr std::size_t ports_and_seq = 8;
    Packet inner;
    const std::uint32_t captured = static_cast<std::uint32_t>(quoted.bytes.size());
    const std::uint16_t length = !quoted.has(6) ? 0 : v6 ? quoted.u16(4) : quoted.u16(2);
    quoted.wire = std::max(quoted.wire, captured);
    const Header behind = v6 ? read_ipv6(quoted, inner) : read_ipv4(quoted, inner);
    if (behind != Header::tcp || !quoted.has(ports_and_seq)) return false;
    to.source = inner.source;
    to.destination = inner.destination;
    to.source_port = quoted.u16(0);
    to.destination_port = quoted.u16(2);
    to.seq = quoted.u32(4);
    to.quoted_bytes = static_cast<std::uint16_t>(std::min<std::uint32_t>(length + (v6 ? 40u : 0u), 0xffff));
    return true;
}

}  // namespace

void read_icmp(Rest& rest, bool v6, Packet& to) {
    if (!rest.has(icmp_header)) return;
    const std::uint8_t type = rest.u8(0), code = rest.u8(1);
    const std::uint32_t word = rest.u32(4);
    const std::uint32_t wire = rest.wire;
    if (!is_error(type, v6) && !is_echo_request(type, v6)) return;
    to.icmp_type = type;
    to.icmp_code = code;
    to.icmp_v6 = v6;
    to.icmp_sender = to.source;
    to.icmp_receiver = to.destination;
    rest.skip(icmp_header);
    if (is_echo_request(type, v6)) {
        to.kind = Packet::Kind::echo_request;
        to.echo_id = static_cast<std::uint16_t>(word >> 16);
        to.echo_seq = static_cast<std::uint16_t>(word);
        to.payload = wire > icmp_header ? wire - icmp_header : 0;
        to.data = rest.bytes;
        return;
    }
    if (!read_quoted(rest, v6, to)) return;
    to.kind = Packet::Kind::icmp_error;
    if (v6 ? type == 2 : type == 3 && code == 4) to.icmp_mtu = v6 ? word : word & 0xffff;
}

}  // namespace tcpwitness
