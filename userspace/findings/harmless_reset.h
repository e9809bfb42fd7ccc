// Resets on purpose that took nothing from anybody.
#pragma once

#include "findings/finding.h"

namespace tcpwitness {

/// The benign pattern that the reset of an open connection is; nullptr: it may have cost something, or nobody can tell. `reset`: a ResetSent or
/// ResetReceived of this end.
const char* harmless_reset(const Story&, const Connection&, const Event& reset);

}  // namespace tcpwitness
