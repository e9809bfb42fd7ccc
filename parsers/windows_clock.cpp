#include "parsers/windows_clock.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "parsers/windows_values.h"

namespace tcpwitness::windows {

namespace {

constexpr std::int64_t second = 1'000'000'000;
constexpr std::int64_t quarter_s = 900, most_zone_s = 14 * 3600;
constexpr std::uint64_t filetime_1970 = 116'444'736'000'000'000, filetime_2200 = 189'030'000'000'000'000;  // 100 ns since 1601

}  // namespace

void Clock::see_header(std::string_view text) {
    if (header_utc_ns_) return;
    auto told = after(text, "StartTime");
    if (!told) return;
    while (!told->empty() && ((*told)[0] == ':' || (*told)[0] == '=')) *told = skip_blanks(told->substr(1));
    const auto filetime = number(*told);
    if (filetime && *filetime > filetime_1970 && *filetime < filetime_2200) header_utc_ns_ = (*filetime - filetime_1970) * 100;
}

std::uint64_t Clock::time(const Line& line) {
    const auto local = static_cast<std::int64_t>(line.local_ns);
    if (header_utc_ns_ && !told_ && line.local_ns) {
        const std::int64_t difference = (local - static_cast<std::int64_t>(*header_utc_ns_)) / second;
        const std::int64_t quarters = (difference + (difference < 0 ? -quarter_s / 2 : quarter_s / 2)) / quarter_s;  // every zone is a multiple of 15 min
        if (std::abs(quarters * quarter_s) <= most_zone_s) told_ = TimeZone::fixed(quarters * quarter_s);
        if (!told_) header_utc_ns_.reset();
    }
    if (!line.offset_ns) return line.local_ns;
    const auto offset = static_cast<std::int64_t>(*line.offset_ns);
    const std::int64_t least = local - offset, most = least + second;  // the clock shows whole seconds, cut off
    if (!relative_) {
        relative_ = true;
        base_ = least_ = least;
        most_ = most;
    } else if (std::max(least_, least) < std::min(most_, most)) {  // else somebody set the clock: the offsets went on
        least_ = std::max(least_, least);
        most_ = std::min(most_, most);
    }
    return static_cast<std::uint64_t>(std::max<std::int64_t>(base_ + offset, 0));
}

std::int64_t Clock::correction() const { return relative_ ? least_ + (most_ - least_) / 2 - base_ : 0; }

}  // namespace tcpwitness::windows
