#include "parsers/packet_row.h"

#include <algorithm>
#include <span>
#include <string>

#include "model/not_shown.h"
#include "parsers/dump_line.h"
#include "parsers/packet_words.h"
#include "parsers/windows_values.h"

namespace tcpwitness {

namespace {

using windows::skip_blanks;
using windows::take_number;
using windows::trim_blanks;
using namespace packet_words;

constexpr std::string_view no_break = "\xc2\xa0";
constexpr std::string_view arrow = "\xe2\x86\x92";

bool names_flag(std::string_view list, std::string_view wanted) {
    for (std::size_t at = list.find(wanted); at != std::string_view::npos; at = list.find(wanted, at + 1)) {
        const std::size_t behind = at + wanted.size();
        if ((at == 0 || list[at - 1] == ' ' || list[at - 1] == ',') && (behind == list.size() || list[behind] == ',')) return true;
    }
    return false;
}

/// "59193 > 3389 [SYN, ACK] Seq=3028123794 Ack=3976196063 Win=8192 Len=0 MSS=1460 WS=256", perhaps behind "[TCP Retransmission] ".
bool take_info(std::string_view info, ServiceNames& names, PacketRow& row) {
    const auto flags_at = info.find("] Seq=");
    if (flags_at == std::string_view::npos) return false;
    const auto open = info.rfind('[', flags_at);
    if (open == std::string_view::npos) return false;
    std::string_view ports = trim_blanks(info.substr(0, open));
    std::size_t at = ports.rfind('>'), width = 1;
    if (at == std::string_view::npos) at = ports.rfind(arrow), width = arrow.size();
    if (at == std::string_view::npos) return false;
    std::string_view from = trim_blanks(ports.substr(0, at));
    if (const auto blank = from.rfind(' '); blank != std::string_view::npos) from = from.substr(blank + 1);
    const auto source = names.port(from), destination = names.port(trim_blanks(ports.substr(at + width)));
    if (!source || !destination) return false;
    row.source_port = *source;
    row.destination_port = *destination;
    const std::string_view flags = info.substr(open + 1, flags_at - open - 1);
    const std::pair<std::string_view, std::uint8_t> flag_names[] = {{"FIN", tcp_flag::fin}, {"SYN", tcp_flag::syn}, {"RST", tcp_flag::rst}, {"PSH", tcp_flag::psh}, {"ACK", tcp_flag::ack}, {"URG", tcp_flag::urg}};
    for (const auto& [name, flag] : flag_names)
        if (names_flag(flags, name)) row.segment.flags |= flag;
    const std::string_view rest = info.substr(flags_at + 1);
    const auto seq = value_of(rest, "Seq="), ack = value_of(rest, "Ack="), window = value_of(rest, "Win="), length = value_of(rest, "Len=", true);
    if (!seq) return false;
    row.complete = length.has_value();
    row.has_ack = ack.has_value();
    row.segment.seq = *seq;
    row.segment.ack = ack.value_or(0);
    row.segment.window = static_cast<std::uint16_t>(std::min<std::uint32_t>(window.value_or(65535), 65535));
    if (!window || *window > 65535) row.segment.marks |= segment_mark::window_not_shown;  // scaled, where the list knew the scale
    row.segment.payload = std::min<std::uint32_t>(length.value_or(0), 1u << 20);
    row.segment.mss = static_cast<std::uint16_t>(std::min<std::uint32_t>(value_of(rest, "MSS=").value_or(0), 65535));
    const auto tsval = value_of(rest, "TSval="), tsecr = value_of(rest, "TSecr=");
    if (tsval && tsecr) {
        row.segment.has_timestamps = true;
        row.segment.tsval = *tsval;
        row.segment.tsecr = *tsecr;
    }
    row.port_reused = ports.find("TCP Port numbers reused]") != std::string_view::npos;
    row.said_again = ports.find("Retransmission]") != std::string_view::npos;
    row.unfinished_checksum = rest.find("CHECKSUM INCORRECT") != std::string_view::npos || rest.find("incorrect, should be") != std::string_view::npos;
    return true;
}

bool is_number(std::string_view word) { return !word.empty() && word.find_first_not_of("0123456789") == std::string_view::npos; }
std::string_view first_word(std::string_view text) { return take_word(text); }

bool one_of(std::string_view protocol, std::span<const std::string_view> beginnings) {
    return std::any_of(beginnings.begin(), beginnings.end(), [&](std::string_view name) { return protocol.starts_with(name); });
}

bool over_tcp(std::string_view protocol) {
    static constexpr std::string_view names[] = {"HTTP", "TLS", "SSL", "TPKT", "SSH", "SMTP", "IMAP", "POP", "FTP", "LDAP", "SMB", "NBSS", "TDS", "MySQL", "PGSQL", "SIP/TLS", "BGP", "COTP",
                                                 "T.125", "DCERPC", "RDP", "AMQP", "MQTT", "X11", "TELNET", "RTMP", "H1", "GRPC", "RESP"};
    return one_of(protocol, names);
}

/// What never runs over TCP, or so seldom that nobody pastes it.
bool beside_tcp(std::string_view protocol) {
    static constexpr std::string_view names[] = {"UDP", "ARP", "ICMP", "IGMP", "MDNS", "LLMNR", "SSDP", "DHCP", "NTP", "QUIC", "STP", "LLDP", "CDP", "OSPF", "EIGRP", "VRRP", "HSRP", "BFD",
                                                 "SNMP", "TFTP", "RADIUS", "NBNS", "BROWSER", "IPv4", "IPv6", "ESP", "ISAKMP", "SCTP", "802.11", "EAPOL", "LLC", "PIM", "RIP", "STUN", "RTP",
                                                 "RTCP", "GRE", "VXLAN", "PPP", "LOOP", "BOOTP", "WSP", "0x", "Ethernet"};
    return one_of(protocol, names);
}

/// No.  Time  [more times]  Source  Destination  Protocol  [Length]  Info
PacketRow parse_list_row(std::string_view line, ServiceNames& names) {
    PacketRow row;
    std::string_view text = skip_blanks(line);
    // tshark of old has no number, and pipes such as `nl` put one more before it.
    for (std::string_view number = text; const auto frame = take_number(number);) {
        if (!windows::blank_at(number)) break;
        row.frame = *frame;
        text = number = skip_blanks(number);
    }
    if (!take_time(text, row)) return {};
    for (std::string_view more = text; seconds_of(take_word(more)) && !host(take_word(text));) text = more;  // columns of differences
    std::string_view rest = text;
    const auto source = host(take_word(rest));
    const std::string_view sign = skip_blanks(rest);
    const bool by_tshark = sign.starts_with(arrow) || sign.starts_with("-> ");
    if (by_tshark) (void)take_word(rest);
    if (!row.frame && !by_tshark) return {};
    if (std::string_view behind = rest; is_number(take_word(behind)) && Address::parse(first_word(behind))) rest = behind;  // a column of ports
    const auto destination = host(take_word(rest));
    std::string_view protocol = take_word(rest);
    for (int columns = 0; columns < 2 && is_number(protocol); ++columns) protocol = take_word(rest);  // ports and lengths
    if (!source || !destination || protocol.empty()) return {};
    // Words in place of addresses: it is a row only if what follows is a segment.
    const auto sure = [](const Address& a) { return a.family != Address::Family::name || a.text().find('.') != std::string::npos; };
    const bool doubtful = !sure(*source) || !sure(*destination);
    row.source = *source;
    row.destination = *destination;
    rest = skip_blanks(rest);
    std::string_view info = rest;
    if (const auto length = take_number(info); length && windows::blank_at(info)) {
        // A length, unless it is the port that Info begins with.
        const std::string_view behind = skip_blanks(info);
        if (!behind.starts_with(">") && !behind.starts_with(arrow)) {
            row.length = static_cast<std::uint32_t>(std::min<std::uint64_t>(*length, 1u << 20));
            rest = behind;
        }
    }
    const auto error = protocol == "ICMP" || protocol == "ICMPv6" ? icmp_of_list(rest, protocol == "ICMPv6") : std::nullopt;
    if (error)
        row.kind = PacketRow::Kind::icmp_error, row.icmp = std::make_shared<const IcmpRow>(*error);
    else if (take_info(rest, names, row))
        row.kind = PacketRow::Kind::segment;
    else if (doubtful)
        return {};
    else if (protocol == "TCP")
        row.kind = PacketRow::Kind::unread, row.complete = false;
    else
        row.kind = over_tcp(protocol) || rest.find("[TCP ") != std::string_view::npos ? PacketRow::Kind::data : beside_tcp(protocol) ? PacketRow::Kind::foreign : PacketRow::Kind::maybe;
    return row;
}

std::string with_plain_blanks(std::string_view line) {
    std::string text;
    while (!line.empty()) {
        const bool no_break_here = line.starts_with(no_break);
        text += no_break_here || line[0] == '\t' ? ' ' : line[0];
        line.remove_prefix(no_break_here ? no_break.size() : 1);
    }
    return text;
}

/// "1","0.000000","10.0.0.1","10.0.0.2","TCP","66","5000 > 80 [SYN] Seq=0" and | 1 | 0.000000 | ... | as the columns that they are.
std::string columns_of(std::string_view line) {
    std::string text;
    const bool quoted = line.front() == '"';
    bool inside = false;
    for (std::size_t i = 0; i < line.size(); ++i) {
        const char c = line[i];
        if (quoted && c == '"') {
            inside = !inside;
            text += ' ';
        } else {
            text += (quoted && c == ',' && !inside) || (!quoted && c == '|') ? ' ' : c;
        }
    }
    return text;
}

}  // namespace

/// "12: ", as Cisco's `show capture` numbers its rows.
std::string_view without_number(std::string_view line) {
    std::string_view text = skip_blanks(line);
    return take_number(text) && text.starts_with(": ") ? text.substr(2) : line;
}

/// "* ", "- " and "# ", as lists and comments have them before a row.
std::string_view without_bullet(std::string_view line) {
    const std::string_view text = skip_blanks(line);
    constexpr std::string_view bullets = "*-#";
    return text.size() > 1 && bullets.find(text[0]) != std::string_view::npos && text[1] == ' ' ? text.substr(2) : line;
}

PacketRow parse_packet_row(std::string_view line, ServiceNames& names) {
    line = without_number(without_bullet(line));
    if (line.find('\t') != std::string_view::npos || line.find(no_break) != std::string_view::npos) return parse_packet_row(with_plain_blanks(line), names);
    constexpr std::size_t longest = 4096;  // of a row; what is longer is no row that somebody put in a table
    std::string columns;
    if (const std::string_view text = skip_blanks(line); !text.empty() && text.size() <= longest && (text.front() == '"' || text.front() == '|'))
        line = columns = columns_of(text);
    if (PacketRow row = parse_dump_line(line, names); row.kind != PacketRow::Kind::none) return row;
    return parse_list_row(line, names);
}

}  // namespace tcpwitness
