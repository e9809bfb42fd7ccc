#include "parsers/icmp_row.h"

#include <algorithm>
#include <iterator>

#include "parsers/dump_line.h"
#include "parsers/packet_words.h"
#include "parsers/windows_values.h"

namespace tcpwitness {

namespace {

using namespace packet_words;

constexpr std::uint8_t unreachable = 3, time_exceeded = 11, unreachable_v6 = 1, too_big_v6 = 2, time_exceeded_v6 = 3;
constexpr std::uint8_t by_net = 0, by_host = 1, by_protocol = 2, by_port = 3, too_big = 4, port_v6 = 4;

bool has(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

IcmpRow error(std::uint8_t type, std::uint8_t code, bool v6 = false) {
    IcmpRow row;
    row.type = type;
    row.code = code;
    row.v6 = v6;
    return row;
}

/// The address off the front, perhaps with the comma behind it.
std::optional<Address> take_host(std::string_view& text) {
    std::string_view word = take_word(text);
    if (word.ends_with(',')) word.remove_suffix(1);
    return host(word);
}

/// "443", "https" before " unreachable"
bool take_port(std::string_view text, ServiceNames& names, IcmpRow& row) {
    std::string_view word = take_word(text);
    if (word.ends_with(',')) word.remove_suffix(1);
    const auto number = names.port(word);
    row.about_port = number.value_or(0);
    return number.has_value();
}

/// What stands behind "unreachable" (print-icmp.c of tcpdump).
std::uint8_t code_of(std::string_view behind, bool net) {
    if (has(behind, "need to frag")) return too_big;
    if (has(behind, "source route failed")) return 5;
    if (has(behind, "- unknown")) return net ? 6 : 7;
    if (has(behind, "source host isolated")) return 8;
    if (has(behind, "admin prohibited filter")) return 13;
    if (has(behind, "admin prohibited")) return net ? 9 : 10;
    if (has(behind, "tos prohibited")) return net ? 11 : 12;
    if (has(behind, "precedence violation")) return 14;
    if (has(behind, "precedence cutoff")) return 15;
    return net ? by_net : by_host;
}

/// "host 192.0.2.9 unreachable - admin prohibited", "192.0.2.9 tcp port 443 unreachable", "192.0.2.9 unreachable - need to frag (mtu 1400)"
std::optional<IcmpRow> unreachable_of(std::string_view words, ServiceNames& names) {
    constexpr std::uint64_t tcp = 6;
    std::string_view rest = words, behind = words;
    const std::string_view first = take_word(behind);
    const bool net = first == "net";
    if (net || first == "host") rest = behind;
    const auto address = take_host(rest);
    if (!address) return std::nullopt;
    IcmpRow row = error(unreachable, by_host);
    row.about = *address;
    std::string_view what = take_word(rest);
    if (what.ends_with(',')) what.remove_suffix(1);
    if (what == "unreachable") {
        row.code = code_of(rest, net);
        row.mtu = value_of(rest, "mtu ").value_or(0);
        return row;
    }
    if (what == "protocol") {
        row.code = by_protocol;
        return windows::number(windows::skip_blanks(rest)) == tcp && has(rest, "unreachable") ? std::optional(row) : std::nullopt;
    }
    row.code = by_port;
    return what == "tcp" && take_word(rest) == "port" && take_port(rest, names, row) && has(rest, "unreachable") ? std::optional(row) : std::nullopt;
}

std::optional<IcmpRow> error_of_v6(std::string_view words, ServiceNames& names) {
    if (words.starts_with("packet too big")) {
        IcmpRow row = error(too_big_v6, 0, true);
        row.mtu = value_of(words, "mtu ").value_or(0);
        return row;
    }
    if (words.starts_with("time exceeded in-transit")) {
        IcmpRow row = error(time_exceeded_v6, 0, true);
        if (const auto at = words.find(" for "); at != std::string_view::npos) {
            std::string_view rest = words.substr(at + 5);
            row.about = take_host(rest).value_or(Address{});
        }
        return row;
    }
    constexpr std::string_view begin = "destination unreachable, ";
    if (!words.starts_with(begin)) return std::nullopt;
    std::string_view rest = words.substr(begin.size());
    constexpr std::pair<std::string_view, std::uint8_t> kinds[] = {{"unreachable route ", 0}, {"unreachable prohibited ", 1}, {"beyond scope ", 2}, {"unreachable address ", 3}, {"unreachable port, ", port_v6}, {"", port_v6}};
    const auto kind = std::find_if(std::begin(kinds), std::end(kinds), [&](const auto& one) { return rest.starts_with(one.first); });
    IcmpRow row = error(unreachable_v6, kind->second, true);
    rest.remove_prefix(kind->first.size());
    const auto address = take_host(rest);
    if (!address) return std::nullopt;
    row.about = *address;
    if (row.code == port_v6 && !(take_word(rest) == "tcp" && take_word(rest) == "port" && take_port(rest, names, row))) return std::nullopt;
    return row;
}

/// With -v: "IP (tos 0x0, ..., proto TCP (6), length 60) 10.0.0.1.40000 > 192.0.2.9.443: Flags [S], cksum 0x..., seq 123, win ..."
/// False: it quotes another protocol's packet.
bool take_quoted(std::string_view words, ServiceNames& names, IcmpRow& row) {
    const auto at = words.find("IP (");
    if (at == std::string_view::npos) return true;
    const std::string_view quoted = words.substr(at);
    const auto shown = parse_quoted_packet(quoted, names);
    if (!shown) return !has(quoted, "proto ") || has(quoted, "proto TCP");
    row.from = shown->source;
    row.about = shown->destination;
    row.from_port = shown->source_port;
    row.about_port = shown->destination_port;
    if (shown->has_seq) row.seq = shown->segment.seq;
    return true;
}

}  // namespace

std::optional<IcmpRow> icmp_of_dump(std::string_view words, ServiceNames& names) {
    constexpr std::string_view v6 = "ICMP6, ";
    std::optional<IcmpRow> row;
    if (words.starts_with(v6)) {
        row = error_of_v6(words.substr(v6.size()), names);
    } else {
        (void)take_word(words);  // "ICMP", "icmp:"
        words = windows::skip_blanks(words);
        if (words.starts_with("time exceeded in-transit")) row = error(time_exceeded, 0);
        else if (words.starts_with("ip reassembly time exceeded")) row = error(time_exceeded, 1);
        else row = unreachable_of(words, names);
    }
    return row && take_quoted(words, names, *row) ? row : std::nullopt;
}

std::optional<IcmpRow> icmp_of_list(std::string_view info, bool v6) {
    static constexpr std::string_view v4_codes[] = {"(Network unreachable)", "(Host unreachable)", "(Protocol unreachable)", "(Port unreachable)", "(Fragmentation needed)", "(Source route failed)",
                                                    "(Destination network unknown)", "(Destination host unknown)", "(Source host isolated)", "(Network administratively prohibited)",
                                                    "(Host administratively prohibited)", "(Network unreachable for TOS)", "(Host unreachable for TOS)", "(Communication administratively filtered)",
                                                    "(Host precedence violation)", "(Precedence cutoff in effect)"};
    static constexpr std::string_view v6_codes[] = {"(no route to destination)", "(Administratively prohibited)", "(Beyond scope of source address)", "(Address unreachable)", "(Port unreachable)",
                                                    "(Source address failed ingress/egress policy)", "(Reject route to destination)"};
    const auto coded = [&](std::uint8_t type, auto& codes) {
        const auto code = std::find_if(std::begin(codes), std::end(codes), [&](std::string_view one) { return has(info, one); });
        return code == std::end(codes) ? IcmpRow{} : error(type, static_cast<std::uint8_t>(code - std::begin(codes)), v6);
    };
    if (info.starts_with("Destination unreachable") || info.starts_with("Destination Unreachable")) return v6 ? coded(unreachable_v6, v6_codes) : coded(unreachable, v4_codes);
    if (info.starts_with("Packet Too Big") && v6) return error(too_big_v6, 0, true);
    if (info.starts_with("Time-to-live exceeded") && !v6) return error(time_exceeded, 0);
    if (info.starts_with("Time Exceeded") && v6) return error(time_exceeded_v6, 0, true);
    return std::nullopt;
}

}  // namespace tcpwitness
