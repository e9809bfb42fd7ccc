#include "model/clock.h"

#include <algorithm>

namespace tcpwitness {

namespace {

std::uint64_t shifted(std::uint64_t time_ns, std::int64_t by_ns) {
    if (by_ns >= 0) return time_ns + static_cast<std::uint64_t>(by_ns);
    return time_ns - std::min(time_ns, static_cast<std::uint64_t>(-by_ns));
}

std::int64_t drifted(std::int64_t span_ns, double ppm) { return static_cast<std::int64_t>(static_cast<double>(span_ns) * ppm * 1e-6); }

}  // namespace

const char* name(Clock::How how) {
    switch (how) {
        case Clock::How::own: return "own";
        case Clock::How::matched: return "matched";
        case Clock::How::one_way: return "one-way";
        case Clock::How::crossed: return "crossed";
        case Clock::How::wall: return "wall";
    }
    return "unknown";
}

std::uint64_t Clock::common_ns(std::uint64_t own_ns) const {
    const auto span = static_cast<std::int64_t>(own_ns - anchor_ns);
    return shifted(own_ns, offset_ns + (drift_ppm == 0 ? 0 : drifted(span, drift_ppm)));
}

std::uint64_t Clock::own_ns(std::uint64_t common_ns) const {
    const std::uint64_t near = shifted(common_ns, -offset_ns);
    if (drift_ppm == 0) return near;
    const auto span = static_cast<std::int64_t>(near - anchor_ns);
    return shifted(near, -drifted(span, drift_ppm / (1 + drift_ppm * 1e-6)));
}

}  // namespace tcpwitness
