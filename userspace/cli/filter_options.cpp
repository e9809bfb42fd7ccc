#include "cli/filter_options.h"

#include <cmath>
#include <ctime>

#include <fmt/format.h>

#include "base/text.h"
#include "live/kernel.h"
#include "live/namespaces.h"

namespace tcpwitness {
namespace {

constexpr double second = 1e9;

Option ports(const char* name, const char* help, FilterArguments& to, Side side) {
    return {0, name, "N[,N|N-M]", help,
            [&to, side](const std::string& text) { return parse_ports(text, to.filter.ports[static_cast<int>(side)]); }};
}

Option hosts(const char* name, const char* help, FilterArguments& to, Side side) {
    return {0, name, "ADDR[/LEN]", help,
            [&to, side](const std::string& text) { return parse_prefix(text, to.filter.hosts[static_cast<int>(side)]); }};
}

/// Digits with a fraction at the start of `text`, and what follows.
std::optional<std::pair<double, std::string_view>> leading_number(std::string_view text) {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
    if (error != std::errc{} || value < 0) return std::nullopt;
    return std::pair{value, text.substr(static_cast<std::size_t>(end - text.data()))};
}

std::uint64_t to_wall(const tm& local, double fraction) {
    tm copy = local;
    copy.tm_isdst = -1;
    return static_cast<std::uint64_t>(mktime(&copy)) * 1'000'000'000 + static_cast<std::uint64_t>(fraction * second);
}

}  // namespace

OptionGroup filter_options(FilterArguments& to) {
    OptionGroup group = {"Filters (may be repeated: any value of one filter, and all of different ones)",
            {
                ports("port", "local or peer port", to, Side::either),
                ports("local-port", "local port", to, Side::local),
                ports("peer-port", "peer port", to, Side::peer),
                hosts("host", "local or peer address", to, Side::either),
                hosts("local-host", "local address", to, Side::local),
                hosts("peer-host", "peer address", to, Side::peer),
                {0, "pid", "PID", "sockets that this process owns or used",
                 [&to](const std::string& text) -> Status {
                     for (const std::string_view part : split(text, ',')) {
                         const auto pid = parse_number<std::uint32_t>(part);
                         if (!pid || *pid == 0) return Error{"'" + printable(text) + "' is not a process id"};
                         to.filter.pids.push_back(*pid);
                     }
                     return success();
                 }},
                {0, "comm", "NAME", "sockets of processes with this name (the first 15 characters count)",
                 [&to](const std::string& text) {
                     to.filter.comms.push_back(text.substr(0, 15));
                     return success();
                 }},
                {0, "netns", "NAME|PID|INUM", "sockets in this network namespace",
                 [&to](const std::string& text) {
                     to.netns.push_back(text);
                     return success();
                 }},
                text(0, "since", "TIME", "from then on: 10:00:00, '2026-11-21 10:00:00', @UNIX, +SECONDS after the start, -5m before the end", to.since),
                text(0, "until", "TIME", "up to then", to.until),
            }};
    for (Option& option : group.options)
        option.apply = [apply = option.apply, name = option.name, &to](const std::string& value) {
            to.said += fmt::format("{}--{} {}", to.said.empty() ? "" : " ", name, printable(value));
            return apply(value);
        };
    return group;
}

Result<Filter> resolve_here(const FilterArguments& arguments) {
    Filter filter = arguments.filter;
    for (const std::string& text : arguments.netns) {
        const auto inum = find_namespace(text);
        if (!inum) return inum.context("--netns");
        filter.netns.push_back(*inum);
    }
    const std::uint64_t now = boot_clock_ns() + boot_to_wall_ns();
    for (const auto& [text, target, name] : {std::tuple{&arguments.since, &filter.since_wall_ns, "--since"},
                                             std::tuple{&arguments.until, &filter.until_wall_ns, "--until"}}) {
        if (text->empty()) continue;
        const auto time = parse_time(*text, {now, now});
        if (!time) return time.context(name);
        *target = *time;
    }
    if (filter.until_wall_ns && *filter.until_wall_ns <= now) return Error{"--until: '" + printable(arguments.until) + "' is past"};
    if (const Status order = check_order(filter); !order) return order.error();
    return filter;
}

Status check_order(const Filter& filter) {
    if (!filter.since_wall_ns || !filter.until_wall_ns || *filter.since_wall_ns <= *filter.until_wall_ns) return success();
    return Error{"--until is before --since: nothing lies between them"};
}

Result<std::uint64_t> parse_duration(std::string_view text) {
    const auto number = leading_number(text);
    const Error wrong{"'" + printable(text) + "' is not a duration: write 10, 1.5s, 5m or 2h"};
    if (!number) return wrong;
    const auto& [value, unit] = *number;
    const double factor = unit.empty() || unit == "s" ? 1 : unit == "ms" ? 1e-3 : unit == "m" || unit == "min" ? 60 : unit == "h" ? 3600 : 0;
    if (factor == 0 || value * factor > 1e9) return wrong;
    return static_cast<std::uint64_t>(std::llround(value * factor * second));
}

Result<std::uint64_t> parse_size(std::string_view text) {
    const auto number = leading_number(text);
    const Error wrong{"'" + printable(text) + "' is not a size: write 1048576, 512K, 16M or 1G"};
    if (!number) return wrong;
    auto [value, unit] = *number;
    if (unit.ends_with("iB")) unit.remove_suffix(2);
    const double factor = unit.empty() ? 1 : unit == "K" || unit == "k" ? 1024 : unit == "M" ? 1024.0 * 1024 : unit == "G" ? 1024.0 * 1024 * 1024 : 0;
    if (factor == 0 || value <= 0 || value * factor > 1e15) return wrong;
    return static_cast<std::uint64_t>(value * factor);
}

Result<std::uint64_t> parse_time(std::string_view text, const TimeBase& base) {
    const Error wrong{"'" + printable(text) + "' is not a time: write 10:00:00, '2026-11-21 10:00:00', @UNIX, +SECONDS or -5m"};
    if (text.empty()) return wrong;
    if (text.front() == '+' || text.front() == '-') {
        const auto duration = parse_duration(text.substr(1));
        if (!duration) return wrong;
        if (text.front() == '+') return base.start_wall_ns + *duration;
        return base.end_wall_ns > *duration ? base.end_wall_ns - *duration : 0;
    }
    if (text.front() == '@') {
        const auto number = leading_number(text.substr(1));
        if (!number || !number->second.empty()) return wrong;
        return static_cast<std::uint64_t>(number->first * second);
    }
    const std::string copy(text);
    const time_t day = static_cast<time_t>(base.start_wall_ns / 1'000'000'000);
    tm local{};
    localtime_r(&day, &local);
    tm date = local;  // a strptime that fails has written parts all the same
    const char* rest = strptime(copy.c_str(), "%Y-%m-%d", &date);
    if (rest) {
        if (*rest && *rest != ' ' && *rest != 'T') return wrong;
        rest += *rest != '\0';
        local = date;
    } else {
        rest = copy.c_str();
    }
    local.tm_hour = local.tm_min = local.tm_sec = 0;
    if (!*rest) return to_wall(local, 0);
    const char* end = strptime(rest, "%H:%M:%S", &local);
    if (!end) {
        end = strptime(rest, "%H:%M", &local);
        if (!end || *end) return wrong;
    }
    double fraction = 0;
    if (*end == '.') {
        const auto number = leading_number(std::string("0") + end);
        if (!number || !number->second.empty()) return wrong;
        fraction = number->first;
    } else if (*end) {
        return wrong;
    }
    return to_wall(local, fraction);
}

}  // namespace tcpwitness
