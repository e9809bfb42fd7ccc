#include "capture/acknowledged.h"

#include <algorithm>
#include <limits>

#include "model/event.h"

namespace tcpwitness {

namespace {

constexpr std::uint32_t absurd = 1u << 30;
constexpr std::uint32_t least_telling_rtt_us = 1'000;  ///< below it, half of a round trip is no measure

/// Marks the resend in the log, where its packet is still there. Once for each: DSACK and timestamps may both tell.
void mark_spurious(Side& sender, const SentRange& range, LogPool& pool) {
    if (sender.told_spurious && sender.spurious_seq == range.seq) return;
    sender.told_spurious = true;
    sender.spurious_seq = range.seq;
    ++sender.wire.spurious;
    if (range.log == no_log) return;
    LoggedPacket& packet = pool.at(range.log);
    if (packet.seq == range.seq && packet.time_ns == range.time_ns) packet.marks |= segment_mark::spurious;
}

/// The ACK is for the first copy: it echoes an older timestamp (Eifel, RFC 3522), or came sooner than a round trip after the second.
bool acks_first_copy(const Side& sender, const SentRange& range, const Packet& ack, std::uint64_t now_ns) {
    if (range.again != 1) return false;
    if (ack.has_timestamps && range.tsval) return seq_before(ack.tsecr, range.tsval);
    const std::uint32_t least = sender.rtt.least_us();
    return least >= least_telling_rtt_us && since_ns(range.time_ns, now_ns) < std::uint64_t{least} * 500;
}

void take_new_ack(Side& sender, const Packet& packet, std::uint64_t now_ns, LogPool& pool) {
    std::uint64_t sent_ns = 0;  // of the last that it acknowledges
    for (bool first = true; !sender.sent.empty() && !seq_after(sender.sent.front().end, packet.ack); first = false) {
        const SentRange& range = sender.sent.front();
        if (first && acks_first_copy(sender, range, packet, now_ns)) mark_spurious(sender, range, pool);
        sent_ns = range.again == 0 ? range.time_ns : 0;  // Karn: what was sent twice measures nothing
        sender.sent.pop();
    }
    if (!sender.sent.empty() && seq_before(sender.sent.front().seq, packet.ack)) sender.sent.front().seq = packet.ack;
    if (sent_ns && now_ns > sent_ns) {
        const std::uint64_t us = (now_ns - sent_ns) / 1'000;
        sender.rtt.add(static_cast<std::uint32_t>(std::min<std::uint64_t>(us, std::numeric_limits<std::uint32_t>::max())));
    }
    sender.una = packet.ack;
    sender.duplicate_acks = sender.resent = sender.rounds = 0;
    if ((sender.timed_out || sender.recovering) && !seq_before(packet.ack, sender.recover)) sender.timed_out = sender.recovering = false;
    if (sender.has_sacked && !seq_before(packet.ack, sender.high_sacked)) sender.has_sacked = false;
}

/// DSACK (RFC 2883): the first block tells a segment that had come already.
void take_sack(Side& sender, const Packet& packet, LogPool& pool) {
    const auto& first = packet.sack[0];
    const bool inside_second = packet.sack_count > 1 && !seq_before(first.left, packet.sack[1].left) && !seq_after(first.right, packet.sack[1].right);
    const bool twice = !seq_after(first.right, packet.ack) || inside_second;
    if (twice && sender.wire.spurious < sender.wire.retransmitted) {
        const bool last_one = sender.last_again_ns && first.left == sender.round_seq;
        mark_spurious(sender, {first.left, first.right, sender.last_again_ns, 0, last_one ? sender.again_log : no_log, 0, 1}, pool);
    }
    for (std::uint8_t i = twice ? 1 : 0; i < packet.sack_count; ++i) {
        const std::uint32_t right = packet.sack[i].right;
        if (!seq_after(right, packet.ack) || seq_after(right, sender.next)) continue;
        if (!sender.has_sacked || seq_after(right, sender.high_sacked)) sender.high_sacked = right;
        sender.has_sacked = true;
    }
}

}  // namespace

std::uint32_t take_ack(Side& sender, Side& self, const Packet& packet, std::uint64_t now_ns, LogPool& pool) {
    std::uint32_t marks = 0;
    if (!sender.seen) {  // the capture began in the middle
        sender.una = sender.next = packet.ack;
        sender.seen = true;
    }
    // What had been acknowledged when the capture began was a guess: what it saw first may have overtaken what was sent before.
    if (!self.acks && !sender.has_isn && seq_before(packet.ack, sender.una) && sender.una - packet.ack <= absurd) sender.una = packet.ack;
    const bool bare = packet.payload == 0 && !(packet.flags & (tcp_flag::syn | tcp_flag::fin));
    if (seq_after(packet.ack, sender.una)) {
        if (packet.ack - sender.una > absurd) return 0;
        if (seq_after(packet.ack, sender.next)) {  // acknowledges what was never captured
            if (sender.sent_any) ++sender.wire.lost_before;
            sender.unseen_from = sender.next;
            sender.unseen_to = packet.ack;
            sender.unseen_ns = now_ns;
            sender.next = packet.ack;
        }
        take_new_ack(sender, packet, now_ns, pool);
    } else if (packet.ack == sender.una && bare && self.acks && self.last_ack == packet.ack) {
        if (sender.keepalive_out) {
            marks |= segment_mark::keepalive_ack;
        } else if (!sender.probe_out && !sender.sent.empty() && (packet.window == self.last_window || packet.sack_count)) {
            marks |= segment_mark::duplicate_ack;
            ++self.wire.duplicate_acks;
            if (sender.duplicate_acks < std::numeric_limits<std::uint8_t>::max()) ++sender.duplicate_acks;
        }
    }
    sender.keepalive_out = sender.probe_out = false;
    if (packet.sack_count) take_sack(sender, packet, pool);
    sender.acked_ns = now_ns;
    self.last_ack = packet.ack;
    self.acks = true;
    return marks;
}

}  // namespace tcpwitness
