// From segments that two clocks saw to how the clocks relate: bounds, not averages.
//
// A segment cannot arrive before it was sent. With theta = B - A, one that went from A to B says theta <= tB - tA, one that went back says
// theta >= tB - tA. All of them together leave a band of straight lines (offset and drift) between the lower hull of the upper bounds and the
// upper hull of the lower ones; its middle is the answer and its width the uncertainty. (Moon, Skelly, Towsley 1999; Zhang, Liu, Xia 2002.)
#pragma once

#include <cstdint>
#include <vector>

#include "model/clock.h"

namespace tcpwitness {

/// One segment that both clocks saw.
struct Crossing {
    enum class Way : std::uint8_t {
        there,  ///< A saw it first
        back,   ///< B saw it first
        same,   ///< both stand at one place: the times should be one
    };
    std::uint64_t a_ns = 0, b_ns = 0;  ///< each by its own clock
    Way way{};
};

/// No computer's clock runs faster or slower than this against another; one that does was set.
inline constexpr double most_drift_ppm = 200;
/// How long a segment may be under way where nothing tells: only packets in one direction were seen.
inline constexpr std::uint64_t longest_way_ns = 2'000'000'000;

/// Takes B's own times to A's: Clock::how is matched, one_way or crossed. Needs at least one crossing.
Clock fit_clock(std::vector<Crossing>);

}  // namespace tcpwitness
