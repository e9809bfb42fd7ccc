// What the times of a Windows text mean: a wall clock without a zone, and in Network Monitor's lines one that shows whole seconds only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time_zone.h"
#include "parsers/windows_line.h"

namespace tcpwitness::windows {

class Clock {
public:
    explicit Clock(std::optional<TimeZone> given) : given_(std::move(given)) {}

    /// "StartTime: 133870903121234567" in the trace's own header, in UTC. The header's event, or the next one, tells the same time locally.
    void see_header(std::string_view text);

    /// A line's local time, exact but for a shift that is the same for all: correction() tells it at the end.
    std::uint64_t time(const Line&);

    /// To be added to what time() returned; right to within uncertainty_ns().
    std::int64_t correction() const;
    std::uint64_t uncertainty_ns() const { return relative_ ? static_cast<std::uint64_t>(most_ - least_) / 2 : 0; }
    /// From corrected local times to UTC. Where a file's lines leap an hour for summer time, so does this.
    std::uint64_t to_utc(std::uint64_t local_ns) const { return zone().to_utc_ns(local_ns); }

    /// When the offset column was 0, as time() counts; nothing where the text has none.
    std::optional<std::int64_t> beginning() const { return relative_ ? std::optional(base_) : std::nullopt; }

    const TimeZone& zone() const { return given_ ? *given_ : told_ ? *told_ : assumed_; }
    const char* source() const { return given_ ? "given" : told_ ? "file" : "assumed"; }

private:
    std::optional<TimeZone> given_, told_;
    TimeZone assumed_;
    std::optional<std::uint64_t> header_utc_ns_;
    bool relative_ = false;              ///< lines have an offset: times are base_ + offset
    std::int64_t base_ = 0;
    std::int64_t least_ = 0, most_ = 0;  ///< where the base must be by all lines so far
};

}  // namespace tcpwitness::windows
