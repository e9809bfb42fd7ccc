// How the clock of one recording relates to the common clock of a story that has several.
#pragma once

#include <cstdint>
#include <string>

namespace tcpwitness {

/// common = own + offset_ns + (own - anchor_ns) * drift_ppm / 1e6. A recording that stands alone keeps its own clock.
struct Clock {
    enum class How : std::uint8_t {
        own,      ///< it is the common clock, or the same clock by another name
        matched,  ///< fitted to packets that both sides saw, in both directions
        one_way,  ///< packets went one way only: one bound, and the other from how long a packet can be under way
        crossed,  ///< what was seen contradicts itself: the clock was set, or directions are mixed up; `note` says which
        wall,     ///< nothing in common was seen: wall clocks are taken at their word
    };
    How how = How::own;
    std::int64_t offset_ns = 0;            ///< at anchor_ns
    std::uint64_t anchor_ns = 0;           ///< own clock
    double drift_ppm = 0;
    std::uint64_t earlier_ns = 0, later_ns = 0;  ///< how much earlier or later than common_ns() says the true time may be
    double drift_uncertainty_ppm = 0;
    std::int64_t wall_offset_ns = 0;       ///< what to add to its wall times to get the common ones, at anchor_ns
    std::uint64_t matches = 0;             ///< packets that the fit rests on
    std::string against;                   ///< whose clock it was fitted to
    std::string note;                      ///< what kept the fit from being better; empty = nothing

    bool told() const { return how != How::crossed && how != How::wall; }  ///< there is a bound to how wrong it can be
    std::uint64_t uncertainty_ns() const { return earlier_ns > later_ns ? earlier_ns : later_ns; }
    std::uint64_t common_ns(std::uint64_t own_ns) const;
    std::uint64_t own_ns(std::uint64_t common_ns) const;
};
const char* name(Clock::How);  ///< "own", "matched", "one-way", "crossed", "wall"

}  // namespace tcpwitness
