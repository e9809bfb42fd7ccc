// What a capture and the trace of its host do not have in common of a connection, in one sentence.
#pragma once

#include <string>

#include "correlate/capture_match.h"

namespace tcpwitness {

/// "the capture lacks the packets of 3 socket events: RST received, sent again (2 times); 6 of its packets have no socket in the trace: frames 17, 18, 19, 20, 21 and 1 more".
std::string capture_match_text(const CaptureMatch&);

}  // namespace tcpwitness
