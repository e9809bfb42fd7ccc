// A trace and a capture of one host: a packet that both saw is one event.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "case/exhibit.h"

namespace tcpwitness {

/// A capture's facts about a session whose socket the trace knows.
struct SessionFacts {
    WitnessId witness = 0;
    Flow flow;
    std::uint64_t begin_ns = 0, end_ns = 0;
    std::shared_ptr<const WireFacts> wire;
};

/// Moves the capture's sessions that the trace has a socket for into the trace: packets that both hold get the capture's frame numbers, the
/// others become events of the trace. Both must be on one clock and name their witnesses alike. Counts go to the capture's Recording.
std::vector<SessionFacts> place_packets(Exhibit& capture, std::vector<Event>& trace_events, RecordingId capture_id);

}  // namespace tcpwitness
