// How far the reading of a large capture is.
#pragma once

#include <string>

#include "capture/read_capture.h"

namespace tcpwitness {

/// Says on stderr how much of the file is read, when that is a terminal; else does nothing.
CaptureProgress progress_of(const std::string& file);

/// Takes the line away again.
void end_progress();

}  // namespace tcpwitness
