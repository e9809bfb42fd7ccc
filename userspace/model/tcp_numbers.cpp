// Bytes out of sequence numbers: SYN and FIN take one each.
#include "model/event.h"

namespace tcpwitness {

namespace {

std::uint32_t distance(std::uint32_t from_to) { return from_to < 0x80000000u ? from_to : 0; }

std::uint32_t without_one(std::uint32_t bytes, bool one) { return bytes && one ? bytes - 1 : bytes; }

bool fin_outstanding(TcpState state) { return state == TcpState::fin_wait1 || state == TcpState::last_ack || state == TcpState::closing; }

}  // namespace

bool control_outstanding(TcpState state) {
    return state == TcpState::syn_sent || state == TcpState::syn_recv || state == TcpState::new_syn_recv || fin_outstanding(state);
}

bool fin_received(TcpState state) {
    return state == TcpState::close_wait || state == TcpState::last_ack || state == TcpState::closing || state == TcpState::time_wait;
}

std::uint32_t TcpNumbers::unacknowledged() const {
    return without_one(distance((disconnected ? snd_nxt : write_seq) - snd_una), control_outstanding(state));
}

std::uint32_t TcpNumbers::unread() const { return without_one(distance(rcv_nxt - copied_seq), fin_received(state)); }

/// The FIN is the last that was written.
std::uint32_t Retransmit::bytes() const {
    const bool last = tcp.told && end_seq == tcp.write_seq && fin_outstanding(tcp.state);
    return without_one(distance(end_seq - seq), what == What::syn || what == What::syn_ack || last);
}

}  // namespace tcpwitness
