#include "parsers/dump_line.h"

#include <algorithm>
#include <array>

#include "model/not_shown.h"
#include "parsers/icmp_row.h"
#include "parsers/packet_words.h"
#include "parsers/service_names.h"
#include "parsers/windows_values.h"

namespace tcpwitness {

namespace {

using windows::skip_blanks;
using windows::take_number;
using windows::trim_blanks;
using namespace packet_words;

constexpr std::uint32_t most_payload = 1u << 20;

bool has(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

std::uint16_t in_16_bits(std::uint32_t value) { return static_cast<std::uint16_t>(std::min<std::uint32_t>(value, 65535)); }

/// "192.168.1.8.14813", "2001:db8::1.443", "host.example.https", "web.http"
bool take_dotted(std::string_view text, ServiceNames& names, Address& address, std::uint16_t& number) {
    const auto point = text.rfind('.');
    if (point == std::string_view::npos) return false;
    const std::string_view name = text.substr(0, point);
    auto known = Address::parse(name);
    if (!known) known = host_name(name);
    if (!known || Address::parse(text)) return false;  // an address alone shows no port
    const auto value = names.port(text.substr(point + 1));
    if (!value) return false;
    address = *known;
    number = *value;
    return true;
}

/// "SRC > DST", the last words of `before`. Blanks around the arrow may have got lost.
bool take_ends(std::string_view before, ServiceNames& names, PacketRow& row) {
    before = trim_blanks(before);
    const auto arrow = before.rfind('>');
    if (arrow == std::string_view::npos || arrow == 0) return false;
    std::string_view from = trim_blanks(before.substr(0, arrow));
    if (const auto space = from.rfind(' '); space != std::string_view::npos) from = from.substr(space + 1);
    return take_dotted(from, names, row.source, row.source_port) && take_dotted(trim_blanks(before.substr(arrow + 1)), names, row.destination, row.destination_port);
}

std::uint8_t flags_of(std::string_view letters) {
    std::uint8_t flags = 0;
    for (const char letter : letters) switch (letter) {
            case 'F': flags |= tcp_flag::fin; break;
            case 'S': flags |= tcp_flag::syn; break;
            case 'R': flags |= tcp_flag::rst; break;
            case 'P': flags |= tcp_flag::psh; break;
            case 'U': flags |= tcp_flag::urg; break;
            case '.': flags |= tcp_flag::ack; break;
            default: break;
        }
    return flags;
}

void take_ip(std::string_view text, Segment& segment) {
    if (const auto ttl = value_of(text, "ttl ")) segment.ttl = static_cast<std::uint8_t>(std::min<std::uint32_t>(*ttl, 255));
    if (const auto hops = value_of(text, "hlim ")) segment.ttl = static_cast<std::uint8_t>(std::min<std::uint32_t>(*hops, 255));
    segment.ip_id = static_cast<std::uint16_t>(value_of(text, "id ").value_or(0));
    segment.dont_fragment = has(text, "[DF]");
}

void take_window(std::optional<std::uint32_t> shown, Segment& segment) {
    segment.window = in_16_bits(shown.value_or(65535));
    if (!shown || *shown > 65535) segment.marks |= segment_mark::window_not_shown;
}

/// "1:101, ack 1" holds 100 bytes; 0 where the second number may have been cut.
std::uint32_t length_of_range(std::string_view range) {
    const auto from = take_number(range);
    if (!from || !range.starts_with(':')) return 0;
    range.remove_prefix(1);
    const auto to = take_number(range);
    return to && !range.empty() && *to > *from && *to - *from <= most_payload ? static_cast<std::uint32_t>(*to - *from) : 0;
}

/// SRC.port > DST.port: Flags [S.], cksum 0x..., seq 1:101, ack 1, win 64240, options [mss 1460,...], length 100
bool take_segment(std::string_view text, ServiceNames& names, PacketRow& row) {
    constexpr std::string_view flags_begin = "Flags [";
    const auto flags_at = text.find(flags_begin);
    if (flags_at == std::string_view::npos) return false;
    std::string_view ends = trim_blanks(text.substr(0, flags_at));
    if (ends.ends_with(':')) ends.remove_suffix(1);
    const std::string_view behind = text.substr(flags_at + flags_begin.size());
    const auto close = behind.find(']');
    if (close == std::string_view::npos || !take_ends(ends, names, row)) return false;
    Segment& segment = row.segment;
    segment.flags = flags_of(behind.substr(0, close));
    const std::string_view values = behind.substr(close);
    const auto seq = value_of(values, "seq "), ack = value_of(values, "ack "), window = value_of(values, "win "), length = value_of(values, "length ", true);
    row.complete = length.has_value();
    row.has_seq = seq.has_value();
    row.has_ack = ack.has_value();
    segment.seq = seq.value_or(0);
    segment.ack = ack.value_or(0);
    take_window(window, segment);
    segment.mss = in_16_bits(value_of(values, "mss ").value_or(0));
    segment.payload = std::min(length.value_or(0), most_payload);
    if (!length && seq) segment.payload = length_of_range(values.substr(values.find("seq ") + 4));
    const auto tsval = value_of(values, "TS val "), tsecr = value_of(values, "ecr ");
    if (tsval && tsecr) {
        segment.has_timestamps = true;
        segment.tsval = *tsval;
        segment.tsecr = *tsecr;
    }
    row.unfinished_checksum = has(values, "(incorrect -> ");
    row.relative = true;
    // A row that was cut off right behind its flags tells nothing but them.
    const bool bare = !seq && !ack && !window && !length && !(segment.flags & (tcp_flag::syn | tcp_flag::fin | tcp_flag::rst));
    row.kind = bare ? PacketRow::Kind::unread : PacketRow::Kind::segment;
    return true;
}

/// tcpdump -v before 4.0 has what it thinks of the checksum between flags and numbers.
std::string_view without_checksum(std::string_view text) {
    text = skip_blanks(text);
    if (text.starts_with("cksum ")) {
        const auto end = text.find("),");
        return end == std::string_view::npos ? std::string_view{} : skip_blanks(text.substr(end + 2));
    }
    if (text.starts_with('[')) {
        const auto end = text.find(']');
        return end == std::string_view::npos ? std::string_view{} : skip_blanks(text.substr(end + 1));
    }
    return text;
}

/// SRC.port > DST.port: P 1:101(100) ack 1 win 5840 <mss 1460,...> (DF), which tcpdump wrote before 4.0
bool take_old_segment(std::string_view text, ServiceNames& names, PacketRow& row) {
    const auto arrow = text.rfind(" > ");
    const auto colon = arrow == std::string_view::npos ? arrow : text.find(": ", arrow);
    if (colon == std::string_view::npos) return false;
    std::string_view rest = text.substr(colon + 2);
    std::string_view letters = take_word(rest);
    if (letters.ends_with(',')) letters.remove_suffix(1);
    if (letters.empty() || letters.find_first_not_of("SFPRUWE.") != std::string_view::npos) return false;
    const std::string_view numbers = without_checksum(rest);
    std::string_view range = numbers;
    const auto first = take_number(range);
    if (numbers.empty()) {  // broken here
        if (!take_ends(text.substr(0, colon), names, row)) return false;
        row.kind = PacketRow::Kind::unread;
        row.complete = false;
        return true;
    }
    Segment& segment = row.segment;
    if (first) {
        if (*first > 0xffffffffu || !range.starts_with(':')) return false;
        range.remove_prefix(1);
        if (!take_number(range) || !range.starts_with('(')) return false;
        row.has_seq = true;
        segment.seq = static_cast<std::uint32_t>(*first);
        segment.payload = std::min(value_of(range, "(").value_or(0), most_payload);
    } else if (numbers.starts_with("ack ") || numbers.starts_with("win ")) {
        row.has_seq = false;
    } else {
        return false;
    }
    if (!take_ends(text.substr(0, colon), names, row)) return false;
    const auto ack = value_of(numbers, "ack "), window = value_of(numbers, "win ", true);
    segment.flags = flags_of(letters);
    if (ack) segment.flags |= tcp_flag::ack;
    segment.ack = ack.value_or(0);
    row.has_ack = ack.has_value();
    take_window(window, segment);
    segment.mss = in_16_bits(value_of(numbers, "mss ").value_or(0));
    if (const auto tsval = value_of(numbers, "timestamp ")) {
        segment.has_timestamps = true;
        segment.tsval = *tsval;
    }
    row.unfinished_checksum = has(rest, "bad tcp cksum") || has(rest, "(incorrect (->");
    row.relative = true;
    row.complete = window && (!has(numbers, "<") || has(numbers, ">"));
    row.kind = PacketRow::Kind::segment;
    return true;
}

/// What -e puts before the packet, and what -v puts before its ends, is behind us; false where the text ends within one of them.
bool take_headers(std::string_view& text) {
    if (const auto ethertype = text.find("ethertype "); ethertype != std::string_view::npos) {
        const auto length = text.find("length ", ethertype);
        const auto colon = length == std::string_view::npos ? length : text.find(':', length);
        if (colon == std::string_view::npos) return false;
        text = skip_blanks(text.substr(colon + 1));
    }
    for (const std::string_view name : {std::string_view("IP6"), std::string_view("IP")})
        if (text.starts_with(name)) {
            text = skip_blanks(text.substr(name.size()));
            break;
        }
    if (!text.starts_with('(')) return true;
    std::size_t depth = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        depth += text[i] == '(';
        if (text[i] == ')' && --depth == 0) {
            text = skip_blanks(text.substr(i + 1));
            return true;
        }
    }
    return false;
}

/// SRC > DST: ICMP host 192.0.2.9 unreachable, length 68
bool take_icmp_error(std::string_view packet, ServiceNames& names, PacketRow& row) {
    const auto arrow = packet.find('>');
    const auto colon = arrow == std::string_view::npos ? arrow : packet.find(": ", arrow);
    if (colon == std::string_view::npos) return false;
    const std::string_view words = packet.substr(colon + 2);
    if (!words.starts_with("ICMP") && !words.starts_with("icmp: ")) return false;
    const auto source = host(trim_blanks(packet.substr(0, arrow))), destination = host(trim_blanks(packet.substr(arrow + 1, colon - arrow - 1)));
    const auto error = icmp_of_dump(words, names);
    if (!source || !destination || !error) return false;
    row.source = *source;
    row.destination = *destination;
    row.icmp = std::make_shared<const IcmpRow>(*error);
    row.kind = PacketRow::Kind::icmp_error;
    return true;
}

/// "52:54:00:1d:a4:24 > 52:54:00:a0:93:93"
bool begins_with_link_addresses(std::string_view text) {
    constexpr std::size_t length = 17;
    if (text.size() < length + 2 || !skip_blanks(text.substr(length)).starts_with('>')) return false;
    for (std::size_t i = 0; i < length; ++i)
        if ((i % 3 == 2) != (text[i] == ':')) return false;
    return true;
}

bool names_tcp(std::string_view text) { return has(text, "proto TCP") || has(text, "proto: TCP") || has(text, "next-header TCP") || has(text, "Flags [") || has(text, ": tcp "); }

}  // namespace

/// What a log or a tool put before the packet's own time: "Nov 29 10:00:00 edge tcpdump[7]: ", a device's name.
std::string_view from_own_time(std::string_view line) {
    constexpr std::size_t farthest = 96;
    const auto ip = line.substr(0, farthest).find(" IP");
    if (ip == std::string_view::npos) return {};
    const std::string_view before = trim_blanks(line.substr(0, ip));
    const auto blank = before.rfind(' ');
    const std::string_view word = before.substr(blank == std::string_view::npos ? 0 : blank + 1);
    const bool clock = word.size() > 8 && word[2] == ':' && word[5] == ':' && (word[8] == '.' || word[8] == ',');
    return clock ? line.substr(static_cast<std::size_t>(word.data() - line.data())) : std::string_view{};
}

PacketRow parse_dump_line(std::string_view line, ServiceNames& names) {
    PacketRow row;
    std::string_view text = line;
    if (!take_time(text, row)) {
        text = from_own_time(line);
        if (text.empty() || !take_time(text, row)) return {};
    }
    text = skip_blanks(text);
    constexpr std::size_t farthest = 48;  // a device's name and a direction stand before at most
    const bool framed = has(text, "ethertype IPv");
    const auto ip = text.find("IP");
    if (has(text, "PktGroupId ")) {  // pktmon, as it prints while it runs: the packet stands in the next line, once for each component of the host
        row.direction = has(text, "Direction Tx") ? 1 : has(text, "Direction Rx") ? -1 : 0;
        row.kind = PacketRow::Kind::foreign;
        row.complete = framed;
        if (!framed || value_of(text, "Appearance ").value_or(1) > 1) return row;
    }
    if (!framed && begins_with_link_addresses(text)) {  // broken within what -e prints
        row.kind = PacketRow::Kind::foreign;
        row.complete = has(text, ", length ");
        return row;
    }
    if (!framed && (ip == std::string_view::npos || ip > farthest)) return take_old_segment(text, names, row) || take_icmp_error(text, names, row) ? row : PacketRow{};
    const std::string_view before = text.substr(0, ip);
    if (has(before, " In ") || before.starts_with("In ")) row.direction = -1;
    if (has(before, " Out ") || before.starts_with("Out ")) row.direction = 1;
    std::string_view packet = framed ? text : text.substr(ip);
    const bool whole = take_headers(packet);
    take_ip(text, row.segment);
    const bool headed = framed || text.substr(ip).starts_with("IP (") || text.substr(ip).starts_with("IP6 (");
    if (whole && take_icmp_error(packet, names, row)) {
        row.complete = headed && !framed ? row.icmp->seq.has_value() : has(packet, ", length ") || has(packet, "icmp: ");  // -v quotes the packet in the next lines
        return row;
    }
    if (whole && (take_segment(packet, names, row) || take_old_segment(packet, names, row))) return row;
    auto arrow = whole ? packet.find('>') : std::string_view::npos;
    if (arrow != std::string_view::npos && packet.substr(0, arrow).find_first_of(".:") == std::string_view::npos) arrow = std::string_view::npos;  // prose
    const bool ends_shown = arrow != std::string_view::npos && packet.find(": ", arrow) != std::string_view::npos;
    if (names_tcp(text))
        row.kind = PacketRow::Kind::unread;
    else if (arrow != std::string_view::npos || headed)
        row.kind = PacketRow::Kind::foreign;
    else
        return {};
    row.complete = ends_shown && row.kind == PacketRow::Kind::foreign;
    return row;
}

std::optional<PacketRow> parse_quoted_packet(std::string_view text, ServiceNames& names) {
    PacketRow row;
    if (!take_headers(text) || !take_segment(text, names, row)) return std::nullopt;
    return row;
}

}  // namespace tcpwitness
