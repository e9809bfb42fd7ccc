// The rules; each has a file of its own.
#pragma once

#include "findings/finding.h"

namespace tcpwitness {

extern const Rule listener_gone, interposer, idle_reset, reset_forged, connect_refused, reset_sent, reset_received, connect_timeout,
    retransmission_timeout, handshake_incomplete, port_exhaustion, nagle_delayed_ack, server_silent, handshake_slow, endpoint_down, endpoint_up, evidence_gap;

}  // namespace tcpwitness
