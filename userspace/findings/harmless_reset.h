// Resets on purpose that took nothing from anybody.
#pragma once

#include "findings/finding.h"

namespace tcpwitness {

/// The benign pattern that the reset of an open connection is; nullptr: it may have cost something, or nobody can tell. `reset`: a ResetSent or
/// ResetReceived of this end.
const char* harmless_reset(const Story&, const Connection&, const Event& reset);

/// A client that had read all up to the peer's FIN said good-bye (a TLS close_notify), and this RST answered that. `reset`: its ResetReceived.
bool said_good_bye(const Connection&, const Event& reset);

/// The end that sent this RST had answered and closed in good order, and what came after was a good-bye (a TLS close_notify) that nobody needs to read.
bool answers_good_bye(const Story&, const Connection&, const Event& reset_sent);

}  // namespace tcpwitness
