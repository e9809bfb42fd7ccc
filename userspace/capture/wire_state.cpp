#include "capture/wire_state.h"

#include "model/event.h"

namespace tcpwitness {

namespace {

constexpr std::string_view letters = "shadfrtwg";  // in the server's case; their places are the bits of Side::said

void say(Session& session, bool from_server, char letter) {
    Side& side = session.side(from_server);
    const auto bit = static_cast<std::uint16_t>(1u << letters.find(letter));
    if (side.said & bit || session.history_length == session.history.size()) return;
    side.said |= bit;
    session.history[session.history_length++] = from_server ? letter : static_cast<char>(letter - 'a' + 'A');
}

/// Zeek tells what goes on and on at its 1st, 10th, 100th, ... time.
void say_again(Session& session, bool from_server, char letter, std::uint32_t times) {
    while (times >= 10 && times % 10 == 0) times /= 10;
    if (times != 1) return;
    session.side(from_server).said &= static_cast<std::uint16_t>(~(1u << letters.find(letter)));
    say(session, from_server, letter);
}

void take_history(Session& session, bool from_server, const Packet& packet, std::uint32_t marks) {
    const WireDirection& wire = session.side(from_server).wire;
    if (packet.flags & tcp_flag::rst) return say(session, from_server, 'r');
    if (packet.flags & tcp_flag::syn) say(session, from_server, packet.flags & tcp_flag::ack ? 'h' : 's');
    if (marks & segment_mark::lost_before) say_again(session, from_server, 'g', wire.lost_before);
    if (marks & segment_mark::retransmission) say_again(session, from_server, 't', wire.retransmitted);
    if (marks & segment_mark::zero_window) say_again(session, from_server, 'w', wire.zero_windows);
    if (packet.payload) say(session, from_server, 'd');
    if (packet.flags & tcp_flag::fin) say(session, from_server, 'f');
    if (packet.length_in_sequence() == 0 && packet.flags & tcp_flag::ack) say(session, from_server, 'a');
}

void take_end_states(Session& session, bool from_server, const Packet& packet) {
    Side& self = session.side(from_server);
    Side& peer = session.side(!from_server);
    if (packet.flags & tcp_flag::rst) {
        if (!session.both_closed()) self.state = EndState::reset;
        return;
    }
    if (self.state == EndState::reset) return;
    if (packet.flags & tcp_flag::fin) {
        self.state = EndState::closed;
    } else if (packet.flags & tcp_flag::syn) {
        if (self.state == EndState::inactive) self.state = packet.flags & tcp_flag::ack ? EndState::syn_ack_sent : EndState::syn_sent;
    } else if (self.state == EndState::inactive) {
        self.state = EndState::partial;
    } else if (session.established && self.state != EndState::closed && self.state != EndState::partial) {
        self.state = EndState::established;
        if (peer.state == EndState::syn_ack_sent || peer.state == EndState::syn_sent) peer.state = EndState::established;
    }
}

/// Wireshark's bits, by its own reckoning, so that its filters find the same sessions: ACK is one without data; data (but a SYN's) and FIN come
/// with an ACK.
void take_completeness(Session& session, const Packet& packet) {
    enum : std::uint8_t { syn = 1, syn_ack = 2, ack = 4, data = 8, fin = 16, rst = 32 };
    const bool has_syn = packet.flags & tcp_flag::syn, has_ack = packet.flags & tcp_flag::ack;
    if (has_syn) session.completeness |= has_ack ? syn_ack : packet.payload ? syn | data : syn;
    if (!has_syn && has_ack) session.completeness |= packet.payload ? data : ack;
    if (packet.flags & tcp_flag::fin && has_ack) session.completeness |= fin;
    if (packet.flags & tcp_flag::rst) session.completeness |= rst;
}

}  // namespace

void take_wire_state(Session& session, bool from_server, const Packet& packet, std::uint32_t marks) {
    take_completeness(session, packet);
    take_end_states(session, from_server, packet);
    take_history(session, from_server, packet, marks);
}

std::string_view conn_state(const Session& session) {
    const EndState client = session.sides[0].state, server = session.sides[1].state;
    const auto silent = [](EndState state) { return state == EndState::inactive || state == EndState::partial; };
    if (server == EndState::reset) {
        if (client == EndState::syn_sent || client == EndState::syn_ack_sent) return "REJ";
        return silent(client) ? "RSTRH" : "RSTR";
    }
    if (client == EndState::reset) return silent(server) ? "RSTOS0" : "RSTO";
    if (client == EndState::closed && server == EndState::closed) return "SF";
    if (client == EndState::closed) return silent(server) ? "SH" : "S2";
    if (server == EndState::closed) return silent(client) ? "SHR" : "S3";
    if (client == EndState::syn_sent && server == EndState::inactive) return "S0";
    if (client == EndState::established && server == EndState::established) return "S1";
    return "OTH";
}

}  // namespace tcpwitness
