// The findings of the text report: in full, of many that read alike only the first; states beside their cause.
#pragma once

#include "outputs/plan.h"
#include "outputs/wall_clock.h"

namespace tcpwitness {

void write_findings(const Story&, const Verdict&, const Plan&, const WallClock&, const OutputOptions&, Sink&);

}  // namespace tcpwitness
