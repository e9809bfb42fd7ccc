// Captures from which a filter left bare ACKs out.
#pragma once

#include <set>

#include "correlate/story.h"

namespace tcpwitness {

/// Captures of many segments with data and not one bare ACK: nothing in them tells when data arrived.
std::set<WitnessId> without_bare_acks(const Story&);

}  // namespace tcpwitness
