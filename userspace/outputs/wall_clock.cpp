#include "outputs/wall_clock.h"

#include <cstdlib>
#include <ctime>

#include <fmt/format.h>

namespace tcpwitness {

namespace {

constexpr std::uint64_t second = 1'000'000'000;

std::tm calendar(std::uint64_t wall_ns, bool utc) {
    const auto seconds = static_cast<std::time_t>(wall_ns / second);
    std::tm parts{};
    if (utc)
        gmtime_r(&seconds, &parts);
    else
        localtime_r(&seconds, &parts);
    return parts;
}

std::string date_text(const std::tm& parts) { return fmt::format("{:04}-{:02}-{:02}", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday); }

}  // namespace

std::string WallClock::date(std::uint64_t boot_ns) const { return date_text(calendar(wall_ns(boot_ns), utc_)); }

std::string WallClock::time(std::uint64_t boot_ns) const {
    const std::tm parts = calendar(wall_ns(boot_ns), utc_);
    return fmt::format("{:02}:{:02}:{:02}.{:06}", parts.tm_hour, parts.tm_min, parts.tm_sec, wall_ns(boot_ns) % second / 1000);
}

std::string WallClock::zone(std::uint64_t boot_ns) const {
    if (utc_) return "UTC";
    const std::tm parts = calendar(wall_ns(boot_ns), false);
    const long minutes = parts.tm_gmtoff / 60;
    if (minutes == 0) return "UTC";
    const std::string offset = fmt::format("UTC{}{:02}:{:02}", minutes < 0 ? '-' : '+', std::labs(minutes) / 60, std::labs(minutes) % 60);
    return parts.tm_zone && parts.tm_zone[0] >= 'A' ? fmt::format("{} ({})", parts.tm_zone, offset) : offset;
}

std::string WallClock::rfc3339(std::uint64_t boot_ns) const {
    const std::tm parts = calendar(wall_ns(boot_ns), true);
    return fmt::format("{}T{:02}:{:02}:{:02}.{:09}Z", date_text(parts), parts.tm_hour, parts.tm_min, parts.tm_sec, wall_ns(boot_ns) % second);
}

}  // namespace tcpwitness
