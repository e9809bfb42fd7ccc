// The events of one session, one line each, in time order, of all its witnesses.
#pragma once

#include "outputs/layout.h"
#include "outputs/plan.h"
#include "outputs/wall_clock.h"

namespace tcpwitness {

/// Everything that belongs into a session's timeline, in time order: both ends' events, the packets of the same flow that hosts on the
/// path saw, the exits of its processes, and what the recording lost meanwhile.
std::vector<const Event*> session_events(const Story&, const ShownSession&);

void write_timeline(const Story&, const Plan&, const ShownSession&, const WallClock&, const OutputOptions&, Sink&);

}  // namespace tcpwitness
