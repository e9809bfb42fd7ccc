#include "base/time_zone.h"

#include <unistd.h>

#include <cstdlib>
#include <ctime>
#include <optional>

#include <fmt/format.h>

#include "base/text.h"

namespace tcpwitness {

namespace {

constexpr std::int64_t day_s = 86'400, nanoseconds = 1'000'000'000;
constexpr std::int64_t first_s = 631'152'000, last_s = 2'524'608'000;  // 1990 to 2050
constexpr std::int64_t most_offset_s = 14 * 3600;

/// Seconds east of UTC of "+02:00", "+0200", "+02"; nothing where it is no such thing.
std::optional<std::int64_t> parse_offset(std::string_view text) {
    if (text.empty() || (text[0] != '+' && text[0] != '-')) return std::nullopt;
    const bool west = text[0] == '-';
    text.remove_prefix(1);
    std::string digits(text);
    if (digits.size() == 5 && digits[2] == ':') digits.erase(2, 1);
    if (digits.size() == 2) digits += "00";
    if (digits.size() != 4) return std::nullopt;
    const auto hours = parse_number<unsigned>(std::string_view(digits).substr(0, 2)), minutes = parse_number<unsigned>(std::string_view(digits).substr(2));
    if (!hours || !minutes || *minutes > 59) return std::nullopt;
    const std::int64_t offset = *hours * 3600 + *minutes * 60;
    if (offset > most_offset_s) return std::nullopt;
    return west ? -offset : offset;
}

bool exists(const std::string& name) {
    if (name.empty() || name[0] == '/' || name[0] == '.' || name.find("..") != std::string::npos) return false;
    const char* const directory = std::getenv("TZDIR");
    return ::access(fmt::format("{}/{}", directory ? directory : "/usr/share/zoneinfo", name).c_str(), R_OK) == 0;
}

/// Lets the C library use another zone, and gives it back its own.
class BorrowedZone {
public:
    explicit BorrowedZone(const std::string& name) {
        if (const char* own = std::getenv("TZ")) own_ = own;
        ::setenv("TZ", name.c_str(), 1);
        ::tzset();
    }
    ~BorrowedZone() {
        if (own_)
            ::setenv("TZ", own_->c_str(), 1);
        else
            ::unsetenv("TZ");
        ::tzset();
    }
    BorrowedZone(const BorrowedZone&) = delete;
    BorrowedZone& operator=(const BorrowedZone&) = delete;

    std::int64_t offset_at(std::int64_t utc_s) const {
        const std::time_t time = utc_s;
        std::tm parts{};
        return ::localtime_r(&time, &parts) ? parts.tm_gmtoff : 0;
    }

private:
    std::optional<std::string> own_;
};

}  // namespace

TimeZone TimeZone::fixed(std::int64_t offset_s) {
    TimeZone zone;
    if (offset_s == 0) return zone;
    const std::int64_t minutes = std::abs(offset_s) / 60;
    zone.name_ = fmt::format("UTC{}{:02}:{:02}", offset_s < 0 ? '-' : '+', minutes / 60, minutes % 60);
    zone.changes_ = {{first_s, offset_s}};
    return zone;
}

Result<TimeZone> TimeZone::parse(const std::string& text) {
    if (text == "UTC" || text == "Z") return TimeZone();
    if (const auto offset = parse_offset(text)) return fixed(*offset);
    if (!exists(text)) return Error{fmt::format("'{}' is no time zone; give a name such as Europe/Berlin, or an offset such as +02:00", printable(text))};
    TimeZone zone;
    zone.name_ = text;
    const BorrowedZone borrowed(text);
    std::int64_t known = borrowed.offset_at(first_s);
    zone.changes_.push_back({first_s, known});
    for (std::int64_t day = first_s; day < last_s; day += day_s) {
        if (borrowed.offset_at(day + day_s) == known) continue;
        std::int64_t before = day, after = day + day_s;
        while (after - before > 1) {
            const std::int64_t middle = before + (after - before) / 2;
            (borrowed.offset_at(middle) == known ? before : after) = middle;
        }
        known = borrowed.offset_at(after);
        zone.changes_.push_back({after, known});
    }
    return zone;
}

std::uint64_t TimeZone::to_utc_ns(std::uint64_t local_ns) const {
    if (changes_.empty()) return local_ns;
    const auto local_s = static_cast<std::int64_t>(local_ns / nanoseconds);
    std::int64_t offset = changes_.back().offset_s;
    for (std::size_t i = 0; i + 1 < changes_.size(); ++i)
        if (local_s - changes_[i].offset_s < changes_[i + 1].from_s) {
            offset = changes_[i].offset_s;
            break;
        }
    const std::int64_t utc_ns = static_cast<std::int64_t>(local_ns) - offset * nanoseconds;
    return utc_ns < 0 ? 0 : static_cast<std::uint64_t>(utc_ns);
}

}  // namespace tcpwitness
