#include "outputs/clock_text.h"

#include <cstdlib>
#include <optional>

#include <fmt/format.h>

#include "base/text.h"

namespace tcpwitness {

namespace {

std::string apart(std::int64_t wall_offset_ns) {
    if (wall_offset_ns == 0) return "the common one";
    const auto us = static_cast<std::uint64_t>(std::llabs(wall_offset_ns)) / 1000;
    constexpr std::uint64_t second = 1'000'000, hour = 3600 * second;
    const std::string hours = us >= hour ? fmt::format("{} h ", us / hour) : "";
    return fmt::format("{}{}.{:06} s {}", hours, us % hour / second, us % second, wall_offset_ns > 0 ? "behind" : "ahead");
}

std::string bounds(const Clock& clock) {
    if (clock.earlier_ns == clock.later_ns) return fmt::format("\u00b1{}", duration_text(clock.earlier_ns));
    if (clock.earlier_ns == 0) return fmt::format("its true times are up to {} later than shown", duration_text(clock.later_ns));
    if (clock.later_ns == 0) return fmt::format("its true times are up to {} earlier than shown", duration_text(clock.earlier_ns));
    return fmt::format("true within -{} and +{}", duration_text(clock.earlier_ns), duration_text(clock.later_ns));
}

}  // namespace

std::string offset_columns_text(const Recording& recording, const Recording& first) {
    const auto beginning = [](const Recording& one) -> std::optional<std::int64_t> {
        const auto told = one.meta.find("time.beginning_ns");
        return told == one.meta.end() ? std::nullopt : parse_number<std::int64_t>(told->second);
    };
    const auto own = beginning(recording), other = beginning(first);
    if (&recording == &first || !own || !other || !recording.clock.told()) return {};
    return apart(-(*other - *own - recording.clock.wall_offset_ns)) + " by their offset columns";
}

std::string clock_text(const Recording& recording) {
    const Clock& clock = recording.clock;
    switch (clock.how) {
        case Clock::How::own: return apart(clock.wall_offset_ns);
        case Clock::How::wall: return fmt::format("taken at its word: {}", printable(clock.note));
        case Clock::How::crossed: return fmt::format("not known: {}", printable(clock.note));
        case Clock::How::matched:
        case Clock::How::one_way: break;
    }
    std::string text = fmt::format("{}, {}, by {}", apart(clock.wall_offset_ns), bounds(clock), count_text(clock.matches, "packet", "packets"));
    if (!clock.against.empty()) text += fmt::format(" that {} holds too", printable(clock.against));
    if (clock.drift_uncertainty_ppm > 0 && clock.drift_uncertainty_ppm < 50) text += fmt::format("; drifts {:.1f} \u00b1{:.1f} ppm", -clock.drift_ppm, clock.drift_uncertainty_ppm);
    if (!clock.note.empty()) text += fmt::format(" ({})", printable(clock.note));
    return text;
}

}  // namespace tcpwitness
