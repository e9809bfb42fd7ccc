#include "parsers/packet_row.h"

#include <algorithm>
#include <array>

#include "parsers/windows_line.h"
#include "parsers/windows_values.h"

namespace tcpwitness {

namespace {

using windows::number;
using windows::skip_blanks;
using windows::take_number;
using windows::trim_blanks;

constexpr std::uint64_t second = 1'000'000'000;

std::string_view take_word(std::string_view& text) {
    text = skip_blanks(text);
    std::size_t length = 0;
    while (length < text.size() && !windows::blank_at(text.substr(length))) ++length;
    const std::string_view word = text.substr(0, length);
    text.remove_prefix(length);
    return word;
}

/// "12.062500" as nanoseconds.
std::optional<std::uint64_t> seconds_of(std::string_view word) {
    const auto whole = take_number(word);
    if (!whole || *whole > 0xffffffffu || word.empty() || (word[0] != '.' && word[0] != ',')) return std::nullopt;
    word.remove_prefix(1);
    std::uint64_t ns = *whole * second, scale = second / 10;
    if (word.empty()) return std::nullopt;
    for (const char c : word) {
        if (c < '0' || c > '9') return std::nullopt;
        ns += static_cast<std::uint64_t>(c - '0') * scale;
        scale /= 10;
    }
    return ns;
}

bool is_time_of_day(std::string_view word) { return word.size() >= 8 && word[2] == ':' && word[5] == ':'; }
bool is_date(std::string_view word) { return word.size() == 10 && word[4] == '-' && word[7] == '-'; }

/// Takes a time off the front: "2013-01-06 09:52:15.407", "14:11:33.248500", "1378456789.123456", "0.000000". False where there is none.
bool take_time(std::string_view& text, PacketRow& row) {
    std::string_view rest = text;
    std::string_view word = take_word(rest);
    if (is_date(word)) {
        std::string_view behind = rest;
        const std::string_view clock = take_word(behind);
        const auto local = windows::local_time(word, clock);
        if (!local) return false;
        row.local_ns = *local;
        row.has_date = true;
        text = behind;
        return true;
    }
    if (is_time_of_day(word)) {
        const auto local = windows::local_time("1970-01-01", word);
        if (!local) return false;
        row.local_ns = *local;
        text = rest;
        return true;
    }
    const auto seconds = seconds_of(word);
    if (!seconds) return false;
    constexpr std::uint64_t year_2000 = 946'684'800 * second;
    if (*seconds > year_2000)
        row.local_ns = *seconds, row.has_date = true;
    else
        row.offset_ns = *seconds;
    text = rest;
    return true;
}

std::optional<Address> host(std::string_view word) {
    if (const auto address = Address::parse(word)) return address;
    const bool letters = std::any_of(word.begin(), word.end(), [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); });
    return letters && word.find('.') != std::string_view::npos ? Address::named(word) : std::nullopt;
}

std::optional<std::uint16_t> port(std::string_view word) {
    // As /etc/services has them, which is where tcpdump and old Wiresharks take these names from.
    static constexpr std::pair<std::string_view, std::uint16_t> services[] = {
        {"ftp", 21},       {"ssh", 22},       {"telnet", 23},         {"smtp", 25},        {"domain", 53},         {"http", 80},         {"kerberos", 88},
        {"pop3", 110},     {"sunrpc", 111},   {"epmap", 135},         {"netbios-ssn", 139}, {"imap2", 143},        {"imap", 143},        {"bgp", 179},
        {"ldap", 389},     {"https", 443},    {"microsoft-ds", 445},  {"submission", 587}, {"ldaps", 636},         {"imaps", 993},       {"pop3s", 995},
        {"ms-sql-s", 1433}, {"mqtt", 1883},   {"nfs", 2049},          {"mysql", 3306},     {"ms-wbt-server", 3389}, {"postgresql", 5432}, {"sip", 5060},
        {"sip-tls", 5061}, {"amqp", 5672},    {"redis", 6379},        {"http-alt", 8080},
    };
    if (const auto value = number(word); value && *value > 0 && *value <= 65535 && std::all_of(word.begin(), word.end(), [](char c) { return c >= '0' && c <= '9'; }))
        return static_cast<std::uint16_t>(*value);
    for (const auto& [name, value] : services)
        if (word == name) return value;
    return std::nullopt;
}

std::uint32_t value_of(std::string_view text, std::string_view key) {
    const auto at = text.find(key);
    if (at == std::string_view::npos) return 0;
    std::string_view digits = text.substr(at + key.size());
    return static_cast<std::uint32_t>(take_number(digits).value_or(0));
}

bool names_flag(std::string_view list, std::string_view wanted) {
    for (std::size_t at = list.find(wanted); at != std::string_view::npos; at = list.find(wanted, at + 1)) {
        const std::size_t behind = at + wanted.size();
        if ((at == 0 || list[at - 1] == ' ' || list[at - 1] == ',') && (behind == list.size() || list[behind] == ',')) return true;
    }
    return false;
}

/// "59193 > 3389 [SYN, ACK] Seq=3028123794 Ack=3976196063 Win=8192 Len=0 MSS=1460 WS=256", perhaps behind "[TCP Retransmission] ".
bool take_info(std::string_view info, PacketRow& row) {
    constexpr std::string_view arrow = "\xe2\x86\x92";
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
        if (!behind.starts_with(">") && !behind.starts_with("\xe2\x86\x92")) {
            row.length = static_cast<std::uint32_t>(std::min<std::uint64_t>(*length, 1u << 20));
            rest = behind;
        }
    }
    if (take_info(rest, row))
        row.kind = PacketRow::Kind::segment;
    else if (protocol == "TCP")
        row.kind = PacketRow::Kind::unread;
    else
        row.kind = over_tcp(protocol) ? PacketRow::Kind::data : PacketRow::Kind::foreign;
    return row;
}

/// "192.168.1.8.14813", "2001:db8::1.443", "host.example.https"
bool take_dotted(std::string_view text, Address& address, std::uint16_t& number) {
    const auto point = text.rfind('.');
    if (point == std::string_view::npos) return false;
    const auto known = host(text.substr(0, point));
    const auto value = port(text.substr(point + 1));
    if (!known || !value) return false;
    address = *known;
    number = *value;
    return true;
}

void take_ip(std::string_view text, Segment& segment) {
    const auto after = [&](std::string_view key) {
        const auto at = text.find(key);
        return at == std::string_view::npos ? std::uint64_t{0} : number(text.substr(at + key.size())).value_or(0);
    };
    if (const std::uint64_t ttl = after("ttl "); ttl) segment.ttl = static_cast<std::uint8_t>(std::min<std::uint64_t>(ttl, 255));
    if (const std::uint64_t hops = after("hlim "); hops) segment.ttl = static_cast<std::uint8_t>(std::min<std::uint64_t>(hops, 255));
    segment.ip_id = static_cast<std::uint16_t>(after(", id "));
    segment.dont_fragment = text.find("[DF]") != std::string_view::npos;
}

/// SRC.port > DST.port: Flags [S.], cksum 0x..., seq 1:101, ack 1, win 64240, options [mss 1460,...], length 100
bool take_segment(std::string_view text, PacketRow& row) {
    const auto flags_at = text.find(": Flags [");
    if (flags_at == std::string_view::npos) return false;
    const std::string_view before = text.substr(0, flags_at), behind = text.substr(flags_at + 9);
    const auto arrow = before.rfind(" > ");
    if (arrow == std::string_view::npos) return false;
    const auto space = before.rfind(' ', arrow - 1);
    const std::string_view from = before.substr(space == std::string_view::npos ? 0 : space + 1, arrow - (space == std::string_view::npos ? 0 : space + 1));
    if (!take_dotted(from, row.source, row.source_port) || !take_dotted(before.substr(arrow + 3), row.destination, row.destination_port)) return false;
    const std::string_view letters = behind.substr(0, behind.find(']'));
    for (const char letter : letters) switch (letter) {
            case 'F': row.segment.flags |= tcp_flag::fin; break;
            case 'S': row.segment.flags |= tcp_flag::syn; break;
            case 'R': row.segment.flags |= tcp_flag::rst; break;
            case 'P': row.segment.flags |= tcp_flag::psh; break;
            case 'U': row.segment.flags |= tcp_flag::urg; break;
            case '.': row.segment.flags |= tcp_flag::ack; break;
            default: break;
        }
    row.segment.seq = value_of(behind, ", seq ");
    row.segment.ack = value_of(behind, ", ack ");
    row.segment.window = static_cast<std::uint16_t>(std::min<std::uint32_t>(value_of(behind, ", win "), 65535));
    row.segment.mss = static_cast<std::uint16_t>(std::min<std::uint32_t>(value_of(behind, "mss "), 65535));
    row.segment.payload = std::min<std::uint32_t>(value_of(behind, ", length "), 1u << 20);
    if (behind.find("TS val ") != std::string_view::npos) {
        row.segment.has_timestamps = true;
        row.segment.tsval = value_of(behind, "TS val ");
        row.segment.tsecr = value_of(behind, " ecr ");
    }
    row.unfinished_checksum = behind.find("(incorrect -> ") != std::string_view::npos;
    row.relative = true;
    row.kind = PacketRow::Kind::segment;
    return true;
}

/// [date] time [device In|Out] [MAC > MAC, ...] IP|IP6 [(...)] SRC > DST: Flags ...
PacketRow parse_dump_line(std::string_view line, const PacketRow* carry) {
    PacketRow row;
    std::string_view text = line;
    if (carry && windows::blank_at(line)) {
        row = *carry;
        row.kind = PacketRow::Kind::none;
        return take_segment(skip_blanks(line), row) ? row : PacketRow{};
    }
    if (!take_time(text, row)) return {};
    const auto ip = text.find("IP");
    const bool framed = text.find("ethertype IPv") != std::string_view::npos;
    if (!framed && (ip == std::string_view::npos || ip > 48)) return {};  // a device's name and a direction stand before at most
    const std::string_view before = text.substr(0, ip);
    if (before.find(" In ") != std::string_view::npos) row.direction = -1;
    if (before.find(" Out ") != std::string_view::npos) row.direction = 1;
    take_ip(text, row.segment);
    if (take_segment(text, row)) return row;
    if (text.find("proto TCP") != std::string_view::npos || text.find("next-header TCP") != std::string_view::npos)
        row.kind = PacketRow::Kind::heading;
    else
        row.kind = text.find(" > ") != std::string_view::npos ? PacketRow::Kind::foreign : PacketRow::Kind::none;
    return row;
}

}  // namespace

PacketRow parse_packet_row(std::string_view line, const PacketRow* carry) {
    if (PacketRow row = parse_dump_line(line, carry); row.kind != PacketRow::Kind::none) return row;
    return parse_list_row(line);
}

}  // namespace tcpwitness
