#include "capture/exchange.h"

#include <algorithm>

#include "model/event.h"

namespace tcpwitness {

namespace {

// A little wider than the rules' own limits (findings/server_silent.cpp, nagle_delayed_ack.cpp, zero_window_stall.cpp, keepalive_timeout.cpp, loss_stall.cpp): they decide.
constexpr std::uint64_t unanswered_ns = 5'000'000'000, window_closed_ns = 2'000'000'000;
constexpr std::uint64_t late_ack_ns = 35'000'000, latest_ack_ns = 300'000'000, released_within_ns = 2'000'000;
constexpr std::uint8_t enough_turns = 3, enough_probes = 2;

void judge_wait(Session& session, std::uint64_t now_ns) {
    if (session.asked_ns && session.asked_acked && since_ns(session.asked_ns, now_ns) >= unanswered_ns) session.interests |= interest::unanswered;
}

void take_request(Session& session, bool from_server, const Packet& packet, std::uint64_t now_ns) {
    if (from_server) {
        if (packet.payload || packet.flags & (tcp_flag::fin | tcp_flag::rst)) {
            judge_wait(session, now_ns);
            session.asked_ns = 0;
        } else if (session.asked_ns && !session.asked_acked && !seq_before(packet.ack, session.asked_end)) {
            session.asked_acked = true;
        }
        return;
    }
    if (packet.payload == 0 && !(packet.flags & (tcp_flag::fin | tcp_flag::rst))) return;
    judge_wait(session, now_ns);
    const bool again = session.asked_ns && packet.payload && seq_before(packet.seq, session.asked_end);
    if (again) return;
    session.asked_ns = packet.payload ? now_ns : 0;
    session.asked_acked = false;
    session.asked_end = packet.seq + packet.length_in_sequence();
}

void take_small_segments(Session& session, bool from_server, const Packet& packet, std::uint64_t now_ns) {
    SmallSegment& theirs = session.side(!from_server).small;
    const bool bare = packet.payload == 0 && (packet.flags & (tcp_flag::syn | tcp_flag::fin | tcp_flag::rst)) == 0;
    if (!bare)
        theirs.sent_ns = 0;
    else if (theirs.sent_ns && !theirs.acked_ns && packet.ack == theirs.end)
        theirs.acked_ns = now_ns;
    if (packet.payload == 0) return;
    SmallSegment& own = session.side(from_server).small;
    if (own.sent_ns && own.acked_ns && packet.seq == own.end) {
        const std::uint64_t round_trip = std::uint64_t{session.round_trip_us()} * 1'000;
        const std::uint64_t late = since_ns(own.sent_ns, own.acked_ns), after = since_ns(own.acked_ns, now_ns);
        if (late >= late_ack_ns && late <= latest_ack_ns + round_trip && after <= released_within_ns + round_trip && own.turns < enough_turns) ++own.turns;
        if (own.turns >= enough_turns) session.interests |= interest::nagle;
    }
    own.sent_ns = now_ns;
    own.acked_ns = 0;
    own.end = packet.seq + packet.length_in_sequence();
}

void take_keepalive(Session& session, bool from_server, std::uint32_t marks) {
    session.side(!from_server).unanswered_probes = 0;
    std::uint8_t& probes = session.side(from_server).unanswered_probes;
    if (!(marks & segment_mark::keepalive))
        probes = 0;
    else if (probes < enough_probes && ++probes == enough_probes)
        session.interests |= interest::keepalive;
}

}  // namespace

void watch_exchange(Session& session, bool from_server, const Packet& packet, std::uint32_t marks, std::uint64_t now_ns) {
    take_keepalive(session, from_server, marks);
    take_request(session, from_server, packet, now_ns);
    take_small_segments(session, from_server, packet, now_ns);
}

void watch_end(Session& session, std::uint64_t now_ns) {
    judge_wait(session, now_ns);
    for (Side& side : session.sides) {
        constexpr std::uint32_t many_resends = 50;
        if (side.wire.retransmitted >= many_resends) session.interests |= interest::resent_often;
        if (side.closed_since_ns && !session.over())
            side.wire.window_closed_ms = std::max(side.wire.window_closed_ms, static_cast<std::uint32_t>(since_ns(side.closed_since_ns, now_ns) / 1'000'000));
        if (std::uint64_t{side.wire.window_closed_ms} * 1'000'000 >= window_closed_ns) session.interests |= interest::window_closed;
    }
}

}  // namespace tcpwitness
