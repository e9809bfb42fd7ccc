#include "parsers/packet_row.h"

#include <algorithm>
#include <array>
#include <string>

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
bool take_info(std::string_view info, PacketRow& row) {
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
    const auto source = port(from), destination = port(trim_blanks(ports.substr(at + width)));
    if (!source || !destination) return false;
    row.source_port = *source;
    row.destination_port = *destination;
    const std::string_view flags = info.substr(open + 1, flags_at - open - 1);
    const std::pair<std::string_view, std::uint8_t> names[] = {{"FIN", tcp_flag::fin}, {"SYN", tcp_flag::syn}, {"RST", tcp_flag::rst}, {"PSH", tcp_flag::psh}, {"ACK", tcp_flag::ack}, {"URG", tcp_flag::urg}};
    for (const auto& [name, flag] : names)
        if (names_flag(flags, name)) row.segment.flags |= flag;
    const std::string_view rest = info.substr(flags_at + 1);
    row.complete = rest.find(" Len=") != std::string_view::npos;
    row.segment.seq = value_of(rest, " Seq=");
    row.segment.ack = value_of(rest, " Ack=");
    row.segment.window = static_cast<std::uint16_t>(std::min<std::uint32_t>(value_of(rest, " Win="), 65535));  // scaled here, where the list knew the scale
    row.segment.payload = std::min<std::uint32_t>(value_of(rest, " Len="), 1u << 20);
    row.segment.mss = static_cast<std::uint16_t>(std::min<std::uint32_t>(value_of(rest, " MSS="), 65535));
    if (rest.find("TSval=") != std::string_view::npos) {
        row.segment.has_timestamps = true;
        row.segment.tsval = value_of(rest, "TSval=");
        row.segment.tsecr = value_of(rest, "TSecr=");
    }
    row.unfinished_checksum = rest.find("CHECKSUM INCORRECT") != std::string_view::npos || rest.find("incorrect, should be") != std::string_view::npos;
    return true;
}

bool over_tcp(std::string_view protocol) {
    static constexpr std::array names = {"HTTP", "TLS", "SSL", "TPKT", "SSH", "SMTP", "IMAP", "POP", "FTP", "LDAP", "SMB", "NBSS", "TDS", "MySQL", "PGSQL", "SIP/TLS", "BGP", "COTP", "T.125", "DCERPC", "RDP", "AMQP", "MQTT", "KRB5", "X11", "TELNET", "RTMP", "H1", "GRPC", "RESP"};
    return std::any_of(names.begin(), names.end(), [&](std::string_view name) { return protocol.starts_with(name); });
}

/// No.  Time  [more times]  Source  Destination  Protocol  [Length]  Info
PacketRow parse_list_row(std::string_view line) {
    PacketRow row;
    std::string_view text = skip_blanks(line);
    std::string_view first = text;
    const auto frame = take_number(first);
    if (!frame || !windows::blank_at(first)) return {};
    text = first;
    row.frame = *frame;
    if (!take_time(text, row)) return {};
    for (std::string_view more = text; seconds_of(take_word(more)) && !host(take_word(text));) text = more;  // columns of differences
    std::string_view rest = text;
    const auto source = host(take_word(rest));
    if (const std::string_view sign = skip_blanks(rest); sign.starts_with(arrow) || sign.starts_with("-> ")) (void)take_word(rest);  // tshark puts one between
    const auto destination = host(take_word(rest));
    const std::string_view protocol = take_word(rest);
    if (!source || !destination || protocol.empty()) return {};
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
    if (take_info(rest, row))
        row.kind = PacketRow::Kind::segment;
    else if (protocol == "TCP")
        row.kind = PacketRow::Kind::unread, row.complete = false;
    else
        row.kind = over_tcp(protocol) ? PacketRow::Kind::data : PacketRow::Kind::foreign;
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

PacketRow parse_packet_row(std::string_view line, const PacketRow* carry) {
    if (line.find('\t') != std::string_view::npos || line.find(no_break) != std::string_view::npos) return parse_packet_row(with_plain_blanks(line), carry);
    if (PacketRow row = parse_dump_line(line, carry); row.kind != PacketRow::Kind::none) return row;
    constexpr std::size_t longest = 4096;  // of a row; what is longer is no row that somebody put in a table
    const std::string_view text = skip_blanks(line);
    if (text.empty() || text.size() > longest || (text.front() != '"' && text.front() != '|')) return parse_list_row(text);
    return parse_list_row(columns_of(text));
}

}  // namespace tcpwitness
