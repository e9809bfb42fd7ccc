// An asymmetric path: a host between the ends forwards one direction of a handshake and never sees the other, so that its connection tracking takes what
// comes next for invalid.
#pragma once

#include "correlate/story.h"

namespace tcpwitness {

enum class Unseen { nothing, syn, syn_ack };

/// Which step of the connection's handshake never came through `host`, while the other step did and both ends got both. `nothing` also where the host's
/// recording does not cover the handshake.
Unseen unseen_step(const Story&, const Connection&, WitnessId host);

}  // namespace tcpwitness
