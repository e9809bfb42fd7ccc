// The first lines of a report: whose trace this is, what it covers, and what it may have missed.
#pragma once

#include "outputs/plan.h"
#include "outputs/wall_clock.h"

namespace tcpwitness {

void write_summary(const Story&, const Plan&, const WallClock&, const OutputOptions&, Sink&);

}  // namespace tcpwitness
