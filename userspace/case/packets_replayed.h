// A trace that holds nothing but packets (a text of packet rows) is analysed as the capture that it was made from.
#pragma once

#include "capture/capture.h"
#include "model/trace.h"

namespace tcpwitness {

/// Nothing of sockets, calls or the stack in it.
bool packets_alone(const Trace&);

/// Its packets through the same analysis as a capture's: sessions, resends, silences. What the trace says about itself is kept.
CaptureStory replay_packets(Trace, const CaptureOptions&);

}  // namespace tcpwitness
