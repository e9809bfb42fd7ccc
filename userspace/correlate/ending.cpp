#include <cerrno>

#include "correlate/lifecycle.h"

namespace tcpwitness {

namespace {

/// Data that arrives after close() makes the kernel run its own reset-received path before it sends a RST itself
/// (tcp_rcv_state_process), so a reset received that is followed at once by one sent, with no RST packet in, is ours.
constexpr std::uint64_t own_reset_within_ns = 1'000'000;

Ending reset_ending(const Connection& c) {
    if (!c.has(sign::reset_received)) return Ending::reset_sent;
    if (!c.has(sign::reset_sent)) return Ending::reset_received;
    std::uint64_t received = 0;
    for (const Event& event : c.events) {
        if (event.as<ResetReceived>()) received = event.time_ns;
        const ResetSent* sent = event.as<ResetSent>();
        if (!sent || sent->firewall_hook) continue;
        if (!received) return Ending::reset_sent;
        return sent->has_socket && !c.has(sign::rst_in) && event.time_ns - received <= own_reset_within_ns ? Ending::reset_sent
                                                                                                          : Ending::reset_received;
    }
    return Ending::reset_received;
}

Ending embryonic_ending(const Connection& c) {
    if (c.has(sign::knock)) return Ending::refused;
    if (c.has(sign::rst_in)) return Ending::handshake_reset;
    std::uint64_t retransmits = 0;
    for (const Event& event : c.events)
        if (event.as<SynAckRetransmit>()) ++retransmits;
    return retransmits >= 2 ? Ending::handshake_expired : Ending::open;
}

}  // namespace

Ending judge_ending(const Connection& c) {
    if (c.is_listener()) return c.live() ? Ending::open : Ending::closed;
    if (c.embryonic) return embryonic_ending(c);
    if (!c.has(sign::established)) {
        if (c.error == ETIMEDOUT) return Ending::connect_timeout;
        if (c.error == ECONNREFUSED) return Ending::refused;
        if (c.error != 0) return Ending::connect_failed;
        if (c.role == Role::client && c.has(sign::reset_received)) return Ending::refused;
        return c.live() ? Ending::open : Ending::closed;
    }
    if (c.has(sign::reset_received | sign::reset_sent)) return reset_ending(c);
    if (c.error == ETIMEDOUT) return Ending::timed_out;
    if (c.error == ECONNRESET && !c.both_closed()) return Ending::reset_received;
    return c.live() ? Ending::open : Ending::closed;
}

}  // namespace tcpwitness
