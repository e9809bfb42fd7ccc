#include "capture/sender_state.h"

#include <algorithm>
#include <limits>

#include "capture/acknowledged.h"
#include "capture/resend_kind.h"
#include "model/event.h"

namespace tcpwitness {

namespace {

/// Farther apart than any window (RFC 7323, 2.3): a stray segment, or one of another connection.
constexpr std::uint32_t absurd = 1u << 30;

void count_resend(WireDirection& wire, std::uint32_t marks) {
    ++wire.retransmitted;
    wire.rto += (marks & segment_mark::rto) != 0;
    wire.fast += (marks & segment_mark::fast) != 0;
    wire.loss_probe += (marks & segment_mark::loss_probe) != 0;
    wire.too_big += (marks & segment_mark::too_big) != 0;
    wire.spurious += (marks & segment_mark::spurious) != 0;
}

void note_resend(Session& session, Side& self, const SentRange& resent, std::uint32_t kind, std::uint64_t before_ns) {
    const std::uint64_t now_ns = resent.time_ns;
    const std::uint32_t seq = resent.seq;
    if (self.rounds == 0 || self.round_seq != seq) {
        self.rounds = 0;
        self.round_seq = seq;
        self.run_began_ns = now_ns;
    }
    self.before_again_ns = before_ns;
    self.last_again_ns = now_ns;
    self.again_log = resent.log;
    if (self.rounds < std::numeric_limits<std::uint8_t>::max()) ++self.rounds;
    if (self.resent < std::numeric_limits<std::uint8_t>::max()) ++self.resent;
    if (kind & segment_mark::rto) self.timed_out = true;
    if (kind & segment_mark::fast) self.recovering = true;
    if (kind & (segment_mark::rto | segment_mark::fast)) self.recover = self.next;
    constexpr std::uint8_t often = 3;
    constexpr std::uint64_t long_ns = 1'000'000'000;
    if (self.rounds >= often || since_ns(before_ns, now_ns) >= long_ns) session.interests |= interest::resent_often;
}

SentRange range_of(const Packet& packet, std::uint32_t seq, std::uint32_t end, std::uint64_t now_ns, LogHandle log) {
    return {seq, end, now_ns, packet.tsval, log, packet.ip_id, 0};
}

/// Probes have nothing new in them: the byte before the next one, with or without data.
std::uint32_t take_probe(Side& self, const Side& peer, const Packet& packet) {
    if (packet.payload > 1 || packet.flags & (tcp_flag::syn | tcp_flag::fin) || !self.seen || packet.seq + 1 != self.next) return 0;
    if (peer.closed_since_ns) {
        self.probe_out = true;
        ++self.wire.window_probes;
        return segment_mark::window_probe;
    }
    if (!self.sent.empty()) return 0;
    self.keepalive_out = true;
    ++self.wire.keepalives;
    return segment_mark::keepalive;
}

/// Data into a closed window asks whether it is open again (RFC 9293, 3.8.6.1), whatever it looks like; not what was under way when it closed, nor a FIN.
bool asks_window(const Session& session, const Side& self, const Side& peer, const Packet& packet, std::uint64_t now_ns) {
    if (!peer.closed_since_ns || packet.payload == 0 || packet.flags & tcp_flag::fin || seq_before(packet.seq, peer.last_ack)) return false;
    constexpr std::uint64_t least_ns = 100'000'000;  // persist timers wait longer
    const std::uint64_t under_way_ns = std::max(std::uint64_t{session.round_trip_us()} * 1'500, least_ns);
    if (packet.payload > 1 && packet.seq == self.next && since_ns(peer.closed_since_ns, now_ns) < under_way_ns) return false;
    return packet.seq == self.next || packet.seq == peer.last_ack;
}

/// What is sent again after long was sent when a stall began.
void keep_sending(const SentRange& before, std::uint64_t now_ns, LogPool& pool) {
    constexpr std::uint64_t long_ns = 1'000'000'000;
    if (before.log == no_log || since_ns(before.time_ns, now_ns) < long_ns) return;
    LoggedPacket& packet = pool.at(before.log);
    if (packet.seq == before.seq && packet.time_ns == before.time_ns) packet.telling = 1;
}

/// The part of a segment that lies before what was captured of its sender so far.
std::uint32_t take_old(Session& session, Side& self, const Packet& packet, std::uint32_t end, std::uint64_t now_ns, LogHandle log, LogPool& pool) {
    const std::uint32_t seq = packet.seq;
    if (!seq_after(end, self.una)) {  // acknowledged already
        // Not before its ACK, as the capture has it, but never before either: written in the wrong order.
        constexpr std::uint64_t swapped_within_ns = 50'000'000;
        if (self.unseen_ns && since_ns(self.unseen_ns, now_ns) <= swapped_within_ns && !seq_before(seq, self.unseen_from) && !seq_after(end, self.unseen_to)) {
            self.unseen_from = end;
            if (self.wire.lost_before) --self.wire.lost_before;
            self.wire.bytes += std::min(end - seq, packet.payload);
            ++self.wire.out_of_order;
            return segment_mark::out_of_order;
        }
        const SentRange gone{seq, end, self.last_ns, 0, no_log, 0, 0};
        const std::uint32_t kind = (self.timed_out || since_ns(self.acked_ns, now_ns) > 100'000'000) ? segment_mark::rto : resend_kind(session, self, gone, now_ns);
        const std::uint32_t marks = kind | segment_mark::spurious;
        count_resend(self.wire, marks);
        return marks;
    }
    auto at = self.sent.after(seq_before(seq, self.una) ? self.una : seq);
    if (at == self.sent.end() || !seq_before(at->seq, end)) {  // nothing of it was captured before
        const SentRange* behind = at == self.sent.end() ? nullptr : &*at;
        SentRange fills = range_of(packet, seq, end, now_ns, log);
        self.wire.bytes += std::min(end - seq, packet.payload);
        if (overtaken(session, self, packet, behind, now_ns)) {
            ++self.wire.out_of_order;
            if (behind && behind->seq == end && self.wire.lost_before) --self.wire.lost_before;  // it was not lost
            self.sent.insert(fills);
            return segment_mark::out_of_order;
        }
        const SentRange lost{seq, end, behind ? behind->time_ns : self.last_ns, 0, no_log, 0, 0};
        const std::uint32_t kind = resend_kind(session, self, lost, now_ns);
        fills.again = 1;
        note_resend(session, self, fills, kind, lost.time_ns);
        count_resend(self.wire, kind);
        self.sent.insert(fills);
        return kind;
    }
    const std::uint32_t kind = resend_kind(session, self, *at, now_ns);
    keep_sending(*at, now_ns, pool);
    note_resend(session, self, range_of(packet, seq, end, now_ns, log), kind, at->time_ns);
    count_resend(self.wire, kind);
    for (; at != self.sent.end() && seq_before(at->seq, end); ++at) {
        at->time_ns = now_ns;
        at->tsval = packet.tsval;
        at->log = log;
        at->ip_id = packet.ip_id;
        if (at->again < std::numeric_limits<std::uint8_t>::max()) ++at->again;
    }
    return kind;
}

std::uint32_t take_syn(Session& session, Side& self, const Packet& packet, std::uint64_t now_ns, LogHandle log) {
    const std::uint32_t end = packet.seq + packet.length_in_sequence();
    if (self.has_isn && self.isn == packet.seq) {
        if (self.sent.empty() || self.sent.front().seq != packet.seq) {
            count_resend(self.wire, segment_mark::rto | segment_mark::spurious);
            return segment_mark::rto | segment_mark::spurious;
        }
        SentRange& before = self.sent.front();
        note_resend(session, self, range_of(packet, packet.seq, end, now_ns, log), segment_mark::rto, before.time_ns);
        self.timed_out = false;
        count_resend(self.wire, segment_mark::rto);
        before.time_ns = now_ns;
        before.tsval = packet.tsval;
        before.log = log;
        if (before.again < std::numeric_limits<std::uint8_t>::max()) ++before.again;
        return segment_mark::rto;
    }
    if (self.has_isn && packet.flags & tcp_flag::ack) {
        session.interests |= interest::two_answers;
        if (session.established) return 0;  // its client went on with the first
    }
    self.isn = self.una = packet.seq;
    self.next = end;
    self.has_isn = self.seen = self.sent_any = true;
    self.sent.forget();
    self.sent.push(range_of(packet, packet.seq, end, now_ns, log));
    return 0;
}

/// A bare ACK carries the number of what comes next: the bytes before it left earlier. What is put in its place in the queue measures nothing, but
/// tells of a segment that comes after all which of them left first.
std::uint32_t take_bare(Side& self, const Packet& packet, std::uint64_t now_ns, LogHandle log) {
    if (!self.seen || !self.sent_any || !seq_after(packet.seq, self.next) || packet.seq - self.next > absurd) return 0;
    SentRange place = range_of(packet, packet.seq, packet.seq, now_ns, log);
    place.again = std::numeric_limits<std::uint8_t>::max();
    self.sent.push(place);
    self.next = packet.seq;
    ++self.wire.lost_before;
    return segment_mark::lost_before;
}

std::uint32_t take_data(Session& session, Side& self, const Side& peer, const Packet& packet, std::uint64_t now_ns, LogHandle log, LogPool& pool) {
    if (const std::uint32_t probe = take_probe(self, peer, packet)) return probe;
    const std::uint32_t length = packet.length_in_sequence();
    if (length == 0) return take_bare(self, packet, now_ns, log);
    const std::uint32_t seq = packet.seq, end = seq + length;
    if (!self.seen || !self.sent_any) {  // the capture began in the middle
        if (!self.seen || seq_before(seq, self.una)) self.una = seq;
        self.seen = self.sent_any = true;
        self.next = end;
        self.wire.bytes += packet.payload;
        self.sent.push(range_of(packet, seq, end, now_ns, log));
        return 0;
    }
    if (seq - self.next + absurd > 2 * absurd) return 0;
    std::uint32_t marks = 0;
    const bool asks = asks_window(session, self, peer, packet, now_ns);
    if (asks) {
        self.probe_out = true;
        ++self.wire.window_probes;
        marks = segment_mark::window_probe;
    }
    if (!seq_before(seq, self.next)) {
        if (seq != self.next) {
            marks |= segment_mark::lost_before;
            ++self.wire.lost_before;
        }
        self.wire.bytes += packet.payload;
        self.sent.push(range_of(packet, seq, end, now_ns, log));
        self.next = end;
        return marks;
    }
    const std::uint32_t known_end = seq_before(self.next, end) ? self.next : end;
    if (!asks) marks |= take_old(session, self, packet, known_end, now_ns, log, pool);
    if (known_end != end) {
        const std::uint32_t fresh = end - known_end;
        self.wire.bytes += std::min(fresh, packet.payload);
        self.sent.push(range_of(packet, known_end, end, now_ns, log));
        self.next = end;
    }
    return marks;
}

std::uint32_t take_window(Side& self, const Packet& packet, std::uint64_t now_ns) {
    self.last_window = packet.window;
    if (packet.flags & tcp_flag::syn) return 0;
    if (packet.window) {
        if (self.closed_since_ns) {
            const std::uint64_t closed_ms = since_ns(self.closed_since_ns, now_ns) / 1'000'000;
            self.wire.window_closed_ms = std::max(self.wire.window_closed_ms, static_cast<std::uint32_t>(closed_ms));
            self.closed_since_ns = 0;
        }
        return 0;
    }
    ++self.wire.zero_windows;
    if (!self.closed_since_ns) self.closed_since_ns = now_ns;
    return segment_mark::zero_window;
}

}  // namespace

std::uint32_t judge_segment(Session& session, bool from_server, const Packet& packet, std::uint64_t now_ns, LogHandle log, LogPool& pool) {
    if (packet.flags & tcp_flag::rst) return 0;
    Side& self = session.side(from_server);
    Side& peer = session.side(!from_server);
    std::uint32_t marks = packet.flags & tcp_flag::ack ? take_ack(peer, self, packet, now_ns, pool) : 0;
    marks |= packet.flags & tcp_flag::syn ? take_syn(session, self, packet, now_ns, log) : take_data(session, self, peer, packet, now_ns, log, pool);
    return marks | take_window(self, packet, now_ns);
}

}  // namespace tcpwitness
