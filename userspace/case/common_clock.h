// One clock for all recordings of a case.
#pragma once

#include <vector>

#include "case/crossings.h"
#include "case/exhibit.h"

namespace tcpwitness {

/// A witness by the file that it is in.
struct WitnessOf {
    std::size_t exhibit = 0;
    WitnessId witness = 0;
    auto operator<=>(const WitnessOf&) const = default;
};

/// Pairs that are one vantage point: one namespace of one boot, or a capture that was made where a trace was recorded.
using SamePlaces = std::vector<std::pair<WitnessOf, WitnessOf>>;

/// Sets every exhibit's Recording::clock: from its own times to the first one's wall clock. A recording that has no segment in common with any
/// other is taken by its own wall clock (Clock::How::wall).
SamePlaces align_clocks(std::vector<Exhibit>&);

}  // namespace tcpwitness
