#include "correlate/reset_inference.h"

namespace tcpwitness {

namespace {

/// A FIN, of which only a packet or a state tells here, has a number as a byte has.
bool has_unread(const Connection& c, const TcpNumbers& tcp) {
    const std::uint32_t fin = c.has(sign::peer_closed | sign::fin_in) && !fin_received(tcp.state) ? 1 : 0;
    return tcp.unread() > fin;
}

const char* likely_reason(const ResetSent& reset, const Connection* c) {
    if (!reset.has_socket) return reset.answers_segment ? "NO_SOCKET" : "";
    if (!c) return "";
    if (reset.answers_segment) return reset.tcp.closed_by_application || c->has(sign::local_closed) ? "TCP_ABORT_ON_DATA" : "";
    if (has_unread(*c, reset.tcp)) return "TCP_ABORT_ON_CLOSE";
    if (reset.tcp.probes_out && !reset.tcp.closed_by_application && !reset.tcp.unacknowledged()) return "TCP_KEEPALIVE_TIMEOUT";
    return "TCP_ABORT_ON_LINGER";
}

}  // namespace

void infer_reason(ResetSent& reset, const Connection* c) {
    if (reset.firewall_hook || (!reset.reason.empty() && reset.reason != "NOT_SPECIFIED")) return;
    const char* const reason = likely_reason(reset, c);
    if (!*reason) return;
    reset.reason = reason;
    reset.inferred = true;
}

}  // namespace tcpwitness
