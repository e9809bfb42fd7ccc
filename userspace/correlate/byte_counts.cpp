#include "correlate/byte_counts.h"

#include <algorithm>

namespace tcpwitness {

namespace {

/// The state from which a socket went to CLOSE; CLOSE itself where that was not seen.
TcpState state_before_close(const Connection& c) {
    for (auto event = c.events.rbegin(); event != c.events.rend(); ++event)
        if (const StateChange* change = event->as<StateChange>(); change && change->to == TcpState::close) return change->from;
    return TcpState::close;
}

void place(TcpNumbers& tcp, TcpState state, const Connection& c) {
    tcp.state = state;
    if (state != TcpState::close) return;
    tcp.disconnected = tcp.srtt_us == 0;  // tcp_disconnect() sets it back; a socket that was open has measured one
    tcp.state = state_before_close(c);
}

/// Whether the FIN of this end was acknowledged: states that only that leads to, and the two that it ends in good order.
bool fin_acknowledged(TcpState state, const Connection& c) {
    if (state == TcpState::fin_wait2 || state == TcpState::time_wait) return true;
    if (state != TcpState::close) return false;
    const TcpState last = state_before_close(c);
    const bool trouble = c.has(sign::error | sign::reset_received | sign::reset_sent | sign::late_reset);
    return last == TcpState::fin_wait2 || last == TcpState::time_wait || ((last == TcpState::last_ack || last == TcpState::closing) && !trouble);
}

void without_control(Destroy& totals, TcpState state, const Connection& c) {
    const bool began = c.role == Role::client && c.has(sign::syn_sent | sign::connect_called) && c.has(sign::established);
    const std::uint64_t acknowledged = began + fin_acknowledged(state, c);
    const std::uint64_t received = fin_received(state) || c.has(sign::peer_closed | sign::fin_in);
    totals.bytes_acked -= std::min(acknowledged, totals.bytes_acked);
    totals.bytes_received -= std::min(received, totals.bytes_received);
}

}  // namespace

void count_bytes(Event& event, const Connection& c) {
    if (Retransmit* again = event.as<Retransmit>()) place(again->tcp, event.state, c);
    if (SocketError* error = event.as<SocketError>()) place(error->tcp, event.state, c);
    if (ResetReceived* reset = event.as<ResetReceived>()) place(reset->tcp, event.state, c);
    if (ResetSent* reset = event.as<ResetSent>()) place(reset->tcp, event.state, c);
    if (Snapshot* snapshot = event.as<Snapshot>()) place(snapshot->tcp, event.state, c);
    if (Sample* sample = event.as<Sample>()) {
        place(sample->tcp, event.state, c);
        without_control(sample->totals, event.state, c);
        if (sample->unsent && control_outstanding(event.state)) --sample->unsent;
    }
    if (Queue* queue = event.as<Queue>(); queue && queue->unacknowledged && control_outstanding(event.state)) --queue->unacknowledged;
    if (Destroy* totals = event.as<Destroy>()) {
        // tcp_disconnect() sets a socket's counters back; one that never sent a segment has none.
        if (!totals->segs_out && !totals->segs_in && !totals->bytes_acked && !totals->bytes_received) totals->totals_told = false;
        without_control(*totals, event.state == TcpState::none ? TcpState::close : event.state, c);
    }
}

}  // namespace tcpwitness
