#include "parsers/dump_line.h"

#include <algorithm>

#include "parsers/packet_words.h"
#include "parsers/windows_values.h"

namespace tcpwitness {

namespace {

using windows::number;
using windows::skip_blanks;
using windows::take_number;
using namespace packet_words;

constexpr std::string_view flags_begin = ": Flags [";
constexpr std::uint32_t most_payload = 1u << 20;

/// "192.168.1.8.14813", "2001:db8::1.443", "host.example.https", "web.http"
bool take_dotted(std::string_view text, Address& address, std::uint16_t& number) {
    const auto point = text.rfind('.');
    if (point == std::string_view::npos) return false;
    const std::string_view name = text.substr(0, point);
    auto known = Address::parse(name);
    if (!known && std::any_of(name.begin(), name.end(), [](char c) { return (c | 0x20) >= 'a' && (c | 0x20) <= 'z'; })) known = Address::named(name);
    const auto value = port(text.substr(point + 1));
    if (!known || !value) return false;
    address = *known;
    number = *value;
    return true;
}

bool take_ends(std::string_view before, PacketRow& row) {
    const auto arrow = before.rfind(" > ");
    if (arrow == std::string_view::npos || arrow == 0) return false;
    const auto space = before.rfind(' ', arrow - 1);
    const std::size_t begin = space == std::string_view::npos ? 0 : space + 1;
    return take_dotted(before.substr(begin, arrow - begin), row.source, row.source_port) && take_dotted(before.substr(arrow + 3), row.destination, row.destination_port);
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
    const auto flags_at = text.find(flags_begin);
    if (flags_at == std::string_view::npos || !take_ends(text.substr(0, flags_at), row)) return false;
    const std::string_view behind = text.substr(flags_at + flags_begin.size());
    row.segment.flags = flags_of(behind.substr(0, behind.find(']')));
    row.complete = behind.find(", length ") != std::string_view::npos;
    row.has_seq = behind.find(", seq ") != std::string_view::npos;
    row.segment.seq = value_of(behind, ", seq ");
    row.segment.ack = value_of(behind, ", ack ");
    row.segment.window = static_cast<std::uint16_t>(std::min<std::uint32_t>(value_of(behind, ", win "), 65535));
    row.segment.mss = static_cast<std::uint16_t>(std::min<std::uint32_t>(value_of(behind, "mss "), 65535));
    row.segment.payload = std::min<std::uint32_t>(value_of(behind, ", length "), most_payload);
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

/// SRC.port > DST.port: P 1:101(100) ack 1 win 5840 <mss 1460,...> (DF), which tcpdump wrote before 4.0
bool take_old_segment(std::string_view text, PacketRow& row) {
    const auto arrow = text.rfind(" > ");
    const auto colon = arrow == std::string_view::npos ? arrow : text.find(": ", arrow);
    if (colon == std::string_view::npos) return false;
    std::string_view rest = text.substr(colon + 2);
    const std::string_view letters = take_word(rest);
    if (letters.empty() || letters.find_first_not_of("SFPRUWE.") != std::string_view::npos) return false;
    const std::string_view numbers = skip_blanks(rest);
    std::string_view range = numbers;
    const auto first = take_number(range);
    if (first) {
        if (*first > 0xffffffffu || !range.starts_with(':')) return false;
        range.remove_prefix(1);
        if (!take_number(range) || !range.starts_with('(')) return false;
        row.has_seq = true;
        row.segment.seq = static_cast<std::uint32_t>(*first);
        row.segment.payload = std::min<std::uint32_t>(value_of(range, "("), most_payload);
    } else if (numbers.starts_with("ack ") || numbers.starts_with("win ")) {
        row.has_seq = false;
    } else {
        return false;
    }
    if (!take_ends(text.substr(0, colon), row)) return false;
    row.segment.flags = flags_of(letters);
    if (rest.find(" ack ") != std::string_view::npos) row.segment.flags |= tcp_flag::ack;
    row.segment.ack = value_of(rest, " ack ");
    row.segment.window = static_cast<std::uint16_t>(std::min<std::uint32_t>(value_of(rest, " win "), 65535));
    row.segment.mss = static_cast<std::uint16_t>(std::min<std::uint32_t>(value_of(rest, "<mss "), 65535));
    if (rest.find("timestamp ") != std::string_view::npos) {
        row.segment.has_timestamps = true;
        row.segment.tsval = value_of(rest, "timestamp ");
    }
    row.unfinished_checksum = rest.find("bad tcp cksum") != std::string_view::npos;
    row.relative = true;
    row.kind = PacketRow::Kind::segment;
    return true;
}

}  // namespace

PacketRow parse_dump_line(std::string_view line, const PacketRow* carry) {
    PacketRow row;
    std::string_view text = line;
    if (!take_time(text, row)) {
        if (!carry) return {};
        // The second line of -v, whose indentation a paste may have lost.
        row = *carry;
        row.kind = PacketRow::Kind::none;
        text = skip_blanks(line);
        return take_segment(text, row) || take_old_segment(text, row) ? row : PacketRow{};
    }
    const auto ip = text.find("IP");
    const bool framed = text.find("ethertype IPv") != std::string_view::npos;
    if (!framed && (ip == std::string_view::npos || ip > 48)) return take_old_segment(text, row) ? row : PacketRow{};  // a device's name and a direction stand before at most
    const std::string_view before = text.substr(0, ip);
    if (before.find(" In ") != std::string_view::npos) row.direction = -1;
    if (before.find(" Out ") != std::string_view::npos) row.direction = 1;
    take_ip(text, row.segment);
    if (take_segment(text, row) || take_old_segment(text, row)) return row;
    const auto end = text.find(" > ");
    if (end != std::string_view::npos && text.find(flags_begin, end) != std::string_view::npos)
        row.kind = PacketRow::Kind::unread;  // a port or a host that has a name which says nothing here
    else if (text.find("proto TCP") != std::string_view::npos || text.find("proto: TCP") != std::string_view::npos || text.find("next-header TCP") != std::string_view::npos)
        row.kind = PacketRow::Kind::heading;
    else
        row.kind = end != std::string_view::npos ? PacketRow::Kind::foreign : PacketRow::Kind::none;
    return row;
}

}  // namespace tcpwitness
