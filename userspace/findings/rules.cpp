#include <array>

#include "findings/every_rule.h"

namespace tcpwitness {

/// Order matters: an earlier rule claims its connections, and what a later one finds about them becomes an effect. The rules
/// that know a cause (a process that ended, a device in between) stand before those that know only how it looked.
std::span<const Rule> rules() {
    static const std::array table = {
        listener_gone,
        process_died,
        interposer,
        local_drop,
        wrong_address,
        connect_denied,
        no_route,
        host_unreachable,
        hung_service,
        accept_queue_overflow,
        zero_window_stall,
        path_mtu_blackhole,
        server_silent,
        idle_reset,
        keepalive_timeout,
        user_timeout,
        answered_twice,
        reset_forged,
        connect_refused,
        reset_sent,
        reset_received,
        connect_timeout,
        retransmission_timeout,
        handshake_incomplete,
        port_exhaustion,
        loss_stall,
        nagle_delayed_ack,
        handshake_slow,
        endpoint_down,
        endpoint_up,
        evidence_gap,
        unexplained,
    };
    return table;
}

}  // namespace tcpwitness
