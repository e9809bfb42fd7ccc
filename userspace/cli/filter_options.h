#pragma once

#include <string>
#include <vector>

#include "cli/options.h"
#include "model/filter.h"

namespace tcpwitness {

/// The filters that every command takes, as given. Namespaces and times are words until it is known what they refer to.
struct FilterArguments {
    Filter filter;
    std::vector<std::string> netns;  ///< names, pids or inode numbers
    std::string since, until;
    std::string said;  ///< as the user wrote them: "--port 8443 --comm curl"
};

/// The rows that fill it.
OptionGroup filter_options(FilterArguments&);

/// For live commands: namespaces are looked up on this host, times are wall clock times.
Result<Filter> resolve_here(const FilterArguments&);

/// The error says that nothing can lie between --since and --until.
Status check_order(const Filter&);

/// "2026-11-21 10:00:00", "10:00:00.5" (the day of `day_wall_ns`), "@1700000000.5", "+12.5" (seconds after `start_wall_ns`),
/// "-5m" (before `end_wall_ns`; units s, m, h).
struct TimeBase {
    std::uint64_t start_wall_ns = 0, end_wall_ns = 0;
};
Result<std::uint64_t> parse_time(std::string_view text, const TimeBase& base);

/// "10", "1.5", "90s", "5m", "2h" in nanoseconds.
Result<std::uint64_t> parse_duration(std::string_view text);
/// "4096", "512K", "16M", "1G" in bytes.
Result<std::uint64_t> parse_size(std::string_view text);

}  // namespace tcpwitness
