#include "parsers/windows_line.h"

#include <chrono>

#include "parsers/windows_values.h"

namespace tcpwitness::windows {

namespace {

constexpr std::uint64_t second = 1'000'000'000;
constexpr std::string_view source_port = "SrcPort=";
constexpr Words monitor_tcpip = "TCPIP_MicrosoftWindowsTCPIP:", monitor_afd = "WinsockAFD:", monitor_flags = "Flags=";

bool take(std::string_view& text, char wanted) {
    if (text.empty() || text[0] != wanted) return false;
    text.remove_prefix(1);
    return true;
}

/// The digits behind a point, as nanoseconds.
std::uint64_t take_fraction(std::string_view& text) {
    std::uint64_t ns = 0, scale = second / 10;
    while (!text.empty() && text[0] >= '0' && text[0] <= '9') {
        ns += static_cast<std::uint64_t>(text[0] - '0') * scale;
        scale /= 10;
        text.remove_prefix(1);
    }
    return ns;
}

/// Of a time of day that was taken off a text: `clock` is the text from there on, `rest` what is behind it.
std::uint64_t fraction_in(std::string_view clock, std::string_view rest) {
    clock = clock.substr(0, clock.size() - rest.size());
    const auto point = clock.find('.');
    if (point == std::string_view::npos) return 0;
    std::string_view digits = clock.substr(point + 1);
    return take_fraction(digits);
}

std::optional<std::uint64_t> since_1970(std::uint64_t year, std::uint64_t month, std::uint64_t day, std::uint64_t seconds_of_day) {
    if (year < 1970 || year > 2200 || month > 12 || day > 31 || seconds_of_day > 86'400) return std::nullopt;
    const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(year)), std::chrono::month(static_cast<unsigned>(month)),
                                           std::chrono::day(static_cast<unsigned>(day))};
    if (!date.ok()) return std::nullopt;
    const auto days = std::chrono::sys_days(date).time_since_epoch().count();
    return (static_cast<std::uint64_t>(days) * 86'400 + seconds_of_day) * second;
}

/// "11:18:57", with "AM" or "PM" behind it or without.
std::optional<std::uint64_t> take_time_of_day(std::string_view& text) {
    const auto hour = take_number(text);
    if (!hour || !take(text, ':')) return std::nullopt;
    const auto minute = take_number(text);
    if (!minute || !take(text, ':')) return std::nullopt;
    const auto seconds = take_number(text);
    if (!seconds || *hour > 24 || *minute > 59 || *seconds > 60) return std::nullopt;
    if (take(text, '.')) take_fraction(text);  // its last digits are the offset column's
    std::uint64_t hours = *hour;
    const std::string_view behind = skip_blanks(text);
    const bool before_noon = behind.starts_with("AM"), after_noon = behind.starts_with("PM");
    if (before_noon || after_noon) {
        text = behind.substr(2);
        hours = hours % 12 + (after_noon ? 12 : 0);
    }
    return hours * 3600 + *minute * 60 + *seconds;
}

/// "1/8/2013" as Americans write it, unless it cannot be that; "2013-01-08", "8.1.2013".
std::optional<std::uint64_t> take_date(std::string_view& text, std::uint64_t seconds_of_day) {
    const auto first = take_number(text);
    if (!first || text.empty()) return std::nullopt;
    const char separator = text[0];
    if (separator != '/' && separator != '-' && separator != '.') return std::nullopt;
    text.remove_prefix(1);
    const auto second_part = take_number(text);
    if (!second_part || !take(text, separator)) return std::nullopt;
    const auto third = take_number(text);
    if (!third) return std::nullopt;
    if (*first > 31) return since_1970(*first, *second_part, *third, seconds_of_day);
    const bool day_first = separator == '.' || *first > 12;
    return since_1970(*third, day_first ? *second_part : *first, day_first ? *first : *second_part, seconds_of_day);
}

/// "RTCSrv.exe (1504)" off the front.
void take_process(std::string_view& text, Line& line) {
    text = skip_blanks(text);
    for (auto open = text.find('('); open != std::string_view::npos; open = text.find('(', open + 1)) {
        std::string_view inside = text.substr(open + 1);
        const auto pid = take_number(inside);
        if (!pid || *pid > 0xffffffffu || !inside.starts_with(')')) continue;
        line.process = trim_blanks(text.substr(0, open));
        line.pid = static_cast<std::uint32_t>(*pid);
        text = skip_blanks(inside.substr(1));
        return;
    }
}

/// Where "TCP:Flags=" stands, or "TCP: [Bad CheckSum] [SynReTransmit #106631]Flags=", with remarks in brackets and blanks as they come.
std::size_t segment_at(std::string_view text) {
    constexpr std::size_t longest_remarks = 160;
    const auto flags = monitor_flags.find_in(text);
    if (flags == std::string_view::npos) return flags;
    const auto at = text.rfind("TCP:", flags);
    if (at == std::string_view::npos || flags - at > longest_remarks || text.find(source_port, flags) == std::string_view::npos) return std::string_view::npos;
    std::string_view between = skip_blanks(text.substr(at + 4, flags - at - 4));
    while (!between.empty()) {
        const auto close = between.find(']');
        if (between.front() != '[' || close == std::string_view::npos) return std::string_view::npos;
        between = skip_blanks(between.substr(close + 1));
    }
    return at;
}

/// "[Bad CheckSum]" among the remarks before "Flags=".
bool says_bad_checksum(std::string_view segment) {
    const std::string_view remarks = segment.substr(0, segment.find("Flags="));
    return remarks.find("Bad Check") != std::string_view::npos || remarks.find("Bad check") != std::string_view::npos;
}

/// frame  time AM date  offset  process (pid)  [source] [destination]  protocol  what it said
Line parse_monitor_line(std::string_view text) {
    Line line;
    std::size_t at;
    if ((at = monitor_tcpip.find_in(text)) != std::string_view::npos) {
        line.provider = Provider::tcpip;
        line.body = skip_blanks(text.substr(at + monitor_tcpip.size()));
    } else if ((at = monitor_afd.find_in(text)) != std::string_view::npos) {
        line.provider = Provider::afd;
        line.body = skip_blanks(text.substr(at + monitor_afd.size()));
    } else if ((at = segment_at(text)) != std::string_view::npos) {
        line.provider = Provider::segment;
        line.body = text.substr(at);
        line.bad_checksum = says_bad_checksum(line.body);
    }
    std::string_view head = text.substr(0, at == std::string_view::npos ? text.size() : at);
    if (std::string_view number = head; const auto frame = take_number(number))
        if (blank_at(number)) {
            line.frame = *frame;
            head = skip_blanks(number);
        }
    // Columns may have been left out: the date, or the time of day and the date.
    if (std::string_view clock = head; const auto seconds_of_day = take_time_of_day(clock)) {
        head = skip_blanks(clock);
        line.local_ns = *seconds_of_day * second;
        std::string_view date = head;
        if (const auto local = take_date(date, *seconds_of_day)) {
            line.local_ns = *local;
            head = skip_blanks(date);
            if (line.provider == Provider::none && !line.frame) return {};
        } else if (line.provider == Provider::none) {
            return {};
        }
    } else if (line.provider == Provider::none || !line.frame) {
        return {};
    }
    if (std::string_view offset = head; const auto seconds = take_number(offset)) {
        const bool fraction = take(offset, '.') || take(offset, ',');
        const std::uint64_t part = fraction ? take_fraction(offset) : 0;
        if (*seconds < 0xffffffffu && (offset.empty() || blank_at(offset))) {  // not the first number of an address
            line.offset_ns = *seconds * second + part;
            head = offset;
        }
    }
    if (!line.local_ns && !line.offset_ns) return {};
    if (line.provider == Provider::none) {
        line.provider = Provider::other;
        return line;
    }
    take_process(head, line);
    line.addresses = head;
    return line;
}

/// [cpu]pid.tid::date time [provider] what it said
Line parse_etl_line(std::string_view text) {
    Line line;
    text.remove_prefix(1);
    text = skip_blanks(text);
    const auto cpu = take_hexadecimal(text);
    if (!cpu || !take(text, ']')) return {};
    text = skip_blanks(text);
    const auto pid = take_hexadecimal(text);
    if (!pid || !take(text, '.')) return {};
    const auto tid = take_hexadecimal(text);
    if (!tid || !take(text, ':') || !take(text, ':')) return {};
    line.cpu = static_cast<std::uint16_t>(*cpu);
    line.pid = static_cast<std::uint32_t>(*pid);
    line.tid = static_cast<std::uint32_t>(*tid);
    const auto midnight = take_date(text, 0);
    if (!midnight || (!take(text, '-') && !take(text, ' '))) return {};
    const std::string_view clock = text;
    const auto seconds = take_time_of_day(text);
    if (!seconds) return {};
    line.local_ns = *midnight + *seconds * second + fraction_in(clock, text);
    text = skip_blanks(text);
    if (!take(text, '[')) return {};
    const auto close = text.find(']');
    if (close == std::string_view::npos) return {};
    line.provider = provider(text.substr(0, close));
    line.body = skip_blanks(text.substr(close + 1));
    return line;
}

}  // namespace

std::optional<std::uint64_t> local_time(std::string_view date, std::string_view time_of_day) {
    const std::string_view clock = time_of_day;
    const auto seconds = take_time_of_day(time_of_day);
    const auto local = seconds ? take_date(date, *seconds) : std::nullopt;
    if (!local) return std::nullopt;
    return *local + fraction_in(clock, time_of_day);
}

Provider provider(std::string_view name) {
    if (name == "Microsoft-Windows-TCPIP") return Provider::tcpip;
    if (name == "Microsoft-Windows-Winsock-AFD") return Provider::afd;
    if (name == "Microsoft-Windows-PktMon") return Provider::pktmon;
    return Provider::other;
}

Line parse_line(std::string_view text) {
    text = skip_blanks(text);
    if (text.empty()) return {};
    if (text[0] == '[') return parse_etl_line(text);
    if (text[0] >= '0' && text[0] <= '9') return parse_monitor_line(text);
    return {};
}

}  // namespace tcpwitness::windows
