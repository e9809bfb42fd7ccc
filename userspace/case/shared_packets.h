// A trace and a capture of one host: a packet that both saw is one event.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "case/exhibit.h"

namespace tcpwitness {

/// Moves the capture's sessions that the trace has a socket for into the trace: packets that both hold get the capture's frame numbers, the
/// others become events of the trace. Both must be on one clock and name their witnesses alike. Counts go to the capture's Recording.
std::vector<SessionFacts> place_packets(Exhibit& capture, std::vector<Event>& trace_events, RecordingId capture_id);

}  // namespace tcpwitness
