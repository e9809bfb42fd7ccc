// Which packets have no socket, and which socket events no packet, where one host was traced and captured at once.
#pragma once

#include "correlate/story.h"

namespace tcpwitness {

/// Sets Connection::capture_match where something is missing on one side, and the counts of the capture's Recording. Nothing is said of a time
/// that the other side does not cover, nor of packets that may have been there and were not kept.
void match_captures(Story&);

}  // namespace tcpwitness
