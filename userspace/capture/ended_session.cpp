#include "capture/ended_session.h"

#include <algorithm>
#include <cerrno>

#include "capture/wire_state.h"
#include "model/event.h"
#include "parsers/packet_headers.h"

namespace tcpwitness {

namespace {

constexpr std::uint64_t least_silence_ns = 3'000'000'000;
constexpr std::uint16_t enough_syn_acks = 3;  // so many sent: correlate/ending.cpp asks for two resends too
constexpr std::uint8_t enough_rounds = 3;

/// Sent again and again, and not a packet of the other end since.
bool unanswered(const Session& session, bool by_server) {
    const Side& sender = session.side(by_server);
    return sender.rounds >= enough_rounds && session.side(!by_server).last_ns < sender.run_began_ns;
}

/// A sender's next try would have come after twice the last pause, at most.
std::uint64_t silence_after(const Side& sender) { return std::max(2 * since_ns(sender.before_again_ns, sender.last_again_ns), least_silence_ns); }

Fate fate_of(const Session& session, std::uint64_t& silence_ns) {
    const Side& client = session.sides[0];
    const Side& server = session.sides[1];
    silence_ns = least_silence_ns;
    // A client that gives up may say so with a RST.
    if (!session.established && client.syns > 1 && client.rst && !client.acks && server.wire.packets == 0) return silence_ns = 0, Fate::connect_unanswered;
    if (session.over()) return Fate::none;
    if (!session.established) {
        if (!client.syns || client.fin || server.fin) return Fate::none;
        if (server.wire.packets == 0) {
            if (client.acks) return Fate::none;  // of an answer that was not captured
            silence_ns = silence_after(client);
            return Fate::connect_unanswered;
        }
        if (server.syns < enough_syn_acks) return Fate::none;
        silence_ns = silence_after(server);
        return Fate::handshake_unanswered;
    }
    for (const bool by_server : {false, true}) {
        if (!unanswered(session, by_server)) continue;
        silence_ns = silence_after(session.side(by_server));
        return by_server ? Fate::server_unanswered : Fate::client_unanswered;
    }
    return Fate::none;
}

Ending ending_of(const EndedSession& s, bool local, bool dead) {
    if (!s.established) {
        if (local && s.knock) return Ending::refused;
        if (!local && s.rst[1] && !s.syn[1]) return Ending::refused;
        if (local && s.rst[0] && s.syn[1]) return Ending::handshake_reset;
        if (!local && s.icmp_error && s.icmp && !s.syn[1]) return s.icmp_error == ECONNREFUSED ? Ending::refused : Ending::connect_failed;
        if (dead && s.fate == Fate::connect_unanswered) return Ending::connect_timeout;
        if (s.rst[0] || s.rst[1]) return Ending::closed;
        if (dead && s.fate == Fate::handshake_unanswered) return local ? Ending::handshake_expired : Ending::open;
        return s.fin[0] || s.fin[1] ? Ending::closed : Ending::open;
    }
    if (s.both_closed) return Ending::closed;
    if (s.first_rst[local]) return Ending::reset_sent;
    if (s.first_rst[!local]) return Ending::reset_received;
    return dead ? Ending::timed_out : Ending::open;
}

/// The local end's, before a RST ended it.
TcpState state_of(const EndedSession& s, bool local) {
    if (!s.established) return local ? (s.syn[1] ? TcpState::syn_recv : TcpState::none) : s.syn[0] ? TcpState::syn_sent : TcpState::none;
    if (s.both_closed) return TcpState::close;
    return s.fin[local] ? TcpState::fin_wait1 : s.fin[!local] ? TcpState::close_wait : TcpState::established;
}

std::uint32_t signs_of(const EndedSession& s, bool local) {
    const bool peer = !local;
    std::uint32_t signs = 0;
    const auto set = [&](bool when, std::uint32_t which) { signs |= when ? which : 0; };
    set(s.syn[0], local ? sign::syn_in : sign::syn_out | sign::syn_sent);
    set(s.syn[1], local ? sign::syn_ack_out : sign::syn_ack_in);
    set(s.fin[local], sign::fin_out | sign::local_closed);
    set(s.fin[peer], sign::fin_in | sign::peer_closed);
    set(s.rst[local] || s.late_rst[local], sign::rst_out);
    set(s.rst[peer] || s.late_rst[peer], sign::rst_in);
    set(s.rst[local], sign::reset_sent);
    set(s.rst[peer], sign::reset_received);
    set(s.late_rst[0] || s.late_rst[1], sign::late_reset);
    set(s.established, sign::established);
    set(s.both_closed || s.rst[0] || s.rst[1], sign::ended);
    set(s.resent[local], sign::retransmit);
    set(!local && s.syn_again[0], sign::syn_retransmit);
    set(local && s.syn_again[1], sign::syn_ack_retransmit);
    set(s.interests & interest::window_closed, sign::waited);
    set(s.icmp, sign::icmp_error);
    set(local && s.knock, sign::knock);
    return signs;
}

}  // namespace

WireFacts wire_facts(const Session& session) {
    WireFacts facts;
    facts.stream = session.stream;
    facts.first_frame = session.first_frame;
    facts.last_frame = session.last_frame;
    facts.conn_state = conn_state(session);
    facts.history.assign(session.history.data(), session.history_length);
    facts.completeness = session.completeness;
    facts.handshake_rtt_us = session.handshake_rtt_us;
    facts.syn_ack_us = session.syn_ack_us;
    for (const bool is_server : {false, true}) {
        const Side& side = session.side(is_server);
        WireDirection& wire = is_server ? facts.server : facts.client;
        wire = side.wire;
        wire.least_rtt_us = side.rtt.least_us();
        wire.median_rtt_us = side.rtt.median_us();
    }
    return facts;
}

EndedSession end_session(Session& session, std::shared_ptr<WireFacts> facts) {
    EndedSession ended;
    ended.client = session.client;
    ended.server = session.server;
    ended.facts = std::move(facts);
    ended.log = session.log;
    session.log = PacketLog{};
    ended.begin_ns = session.begin_ns;
    ended.end_ns = session.last_ns;
    ended.established_ns = session.established_ns;
    ended.client_isn = session.sides[0].isn;
    ended.server_isn = session.sides[1].isn;
    ended.icmp_error = session.icmp_error;
    ended.fate = fate_of(session, ended.silence_ns);
    ended.interests = session.interests;
    if (!session.established || ended.fate != Fate::none) ended.interests |= interest::no_handshake;
    for (int i = 0; i < 2; ++i) {
        const Side& side = session.sides[i];
        ended.mac[i] = side.mac;
        ended.has_isn[i] = side.has_isn;
        ended.syn[i] = side.syns > 0;
        ended.syn_again[i] = side.syns > 1;
        ended.fin[i] = side.fin;
        ended.rst[i] = side.rst;
        ended.first_rst[i] = side.first_rst;
        ended.late_rst[i] = side.late_rst;
        ended.resent[i] = side.wire.retransmitted > 0;
    }
    ended.established = session.established;
    ended.preexisting = session.preexisting;
    ended.knock = session.knock;
    ended.icmp = session.icmp;
    ended.both_closed = session.both_closed();
    return ended;
}

Connection to_connection(const EndedSession& s, bool local_is_server, std::uint64_t over_ns) {
    Connection c;
    const bool dead = s.fate != Fate::none && since_ns(s.end_ns, over_ns) >= s.silence_ns;
    c.flow = local_is_server ? Flow{s.server, s.client} : Flow{s.client, s.server};
    c.role = local_is_server ? Role::server : Role::client;
    c.embryonic = local_is_server && !s.established && !s.preexisting && (s.syn[1] || s.knock);
    c.preexisting = s.preexisting;
    c.begin_ns = s.begin_ns;
    c.end_ns = s.end_ns;
    c.signs = signs_of(s, local_is_server);
    c.ending = ending_of(s, local_is_server, dead);
    if (dead) c.signs |= sign::ended;
    if (!local_is_server && (c.ending == Ending::connect_failed || (c.ending == Ending::refused && s.icmp_error && !s.rst[1]))) c.error = s.icmp_error;
    if (s.established_ns) c.established_ns = s.established_ns;
    if (s.has_isn[local_is_server]) c.local_isn = local_is_server ? s.server_isn : s.client_isn;
    if (s.has_isn[!local_is_server]) c.peer_isn = local_is_server ? s.client_isn : s.server_isn;
    c.state = state_of(s, local_is_server);
    c.wire = s.facts;
    return c;
}

Event to_event(const LoggedPacket& packet, const EndedSession& s, bool local_is_server, const MacTable& macs) {
    Event event;
    event.id = packet.frame;
    event.time_ns = packet.time_ns;
    event.flow = local_is_server ? Flow{s.server, s.client} : Flow{s.client, s.server};
    Segment segment;
    segment.outgoing = packet.from_server == local_is_server;
    copy_headers(packet, segment);
    if (packet.mac) {
        segment.source_mac = macs[packet.mac];
        segment.has_mac = true;
    }
    segment.interface = packet.interface;
    segment.frame = packet.frame;
    segment.packet_id = packet.packet_id;
    segment.marks = packet.marks;
    event.body = segment;
    return event;
}

}  // namespace tcpwitness
