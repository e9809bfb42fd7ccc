// The rules; each has a file of its own.
#pragma once

#include "findings/finding.h"

namespace tcpwitness {

extern const Rule listener_gone;
extern const Rule process_died;
extern const Rule interposer;
extern const Rule local_drop;
extern const Rule wrong_address;
extern const Rule connect_denied;
extern const Rule no_route;
extern const Rule host_unreachable;
extern const Rule path_mtu_blackhole;
extern const Rule hung_service;
extern const Rule accept_queue_overflow;
extern const Rule keepalive_timeout;
extern const Rule idle_reset;
extern const Rule user_timeout;
extern const Rule zero_window_stall;
extern const Rule answered_twice;
extern const Rule reset_forged;
extern const Rule connect_refused;
extern const Rule reset_sent;
extern const Rule reset_received;
extern const Rule connect_timeout;
extern const Rule retransmission_timeout;
extern const Rule handshake_incomplete;
extern const Rule port_exhaustion;
extern const Rule nagle_delayed_ack;
extern const Rule loss_stall;
extern const Rule server_silent;
extern const Rule handshake_slow;
extern const Rule endpoint_down;
extern const Rule endpoint_up;
extern const Rule evidence_gap;
extern const Rule unexplained;

}  // namespace tcpwitness
