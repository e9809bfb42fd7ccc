#include "capture/resend_kind.h"

#include <algorithm>

#include "model/event.h"

namespace tcpwitness {

namespace {

constexpr std::uint64_t us = 1'000, ms = 1'000'000;
constexpr std::uint64_t least_rto_ns = 200 * ms;    // TCP_RTO_MIN of Linux; other systems wait longer
constexpr std::uint64_t first_rto_ns = 1'000 * ms;  // RFC 6298, 2.1
constexpr std::uint64_t slack_ns = 10 * ms;         // a host's own time, and the timers' grain
constexpr std::uint64_t overtaken_within_ns = 3 * ms;
constexpr std::uint8_t enough_duplicates = 3;       // RFC 5681, 3.2

/// What the sender's retransmission timer may have been set to, at least about.
std::uint64_t timeout_ns(const Session& session, const Side& sender) {
    const std::uint64_t round_trip = std::max<std::uint64_t>(session.round_trip_us(), sender.rtt.smoothed_us()) * us;
    if (round_trip == 0) return first_rto_ns;
    return round_trip + std::max(least_rto_ns, std::uint64_t{sender.rtt.deviation_us()} * 4 * us);
}

/// RFC 8985, 7.2: two round trips after what was sent or acknowledged last; a lone segment's ACK may be delayed, and no later than the timeout.
bool probe_due(const Session& session, const Side& sender, const SentRange& range, std::uint64_t now_ns) {
    constexpr std::uint64_t delayed_ack_ns = 200 * ms;
    const std::uint64_t waited = since_ns(std::max(range.time_ns, sender.acked_ns), now_ns);
    const std::uint64_t round_trip = std::max<std::uint64_t>(session.round_trip_us(), sender.rtt.smoothed_us()) * us;
    if (round_trip == 0) return waited <= first_rto_ns + slack_ns;
    return waited + slack_ns >= round_trip && waited <= std::min(2 * round_trip + delayed_ack_ns, timeout_ns(session, sender)) + round_trip / 4 + slack_ns;
}

bool sack_in_use(const Session& session) {
    const bool both_syns = session.sides[0].has_isn && session.sides[1].has_isn;
    return !both_syns || (session.sides[0].sack_permitted && session.sides[1].sack_permitted);
}

}  // namespace

std::uint32_t resend_kind(const Session& session, const Side& sender, const SentRange& range, std::uint64_t now_ns) {
    const std::uint64_t round_trip = std::uint64_t{session.round_trip_us()} * us;
    const std::uint64_t elapsed = since_ns(range.time_ns, now_ns);
    const bool too_big = session.too_big_mtu && range.end - range.seq + 40 > session.too_big_mtu;
    if (too_big && since_ns(session.too_big_ns, now_ns) <= 2 * round_trip + slack_ns) return segment_mark::too_big;

    const bool acked_lately = sender.acked_ns && since_ns(sender.acked_ns, now_ns) <= round_trip + round_trip / 2 + slack_ns;
    if (sender.timed_out && seq_before(range.seq, sender.recover)) return segment_mark::rto;  // what was lost with it follows by and by
    const bool sacked_behind = sender.has_sacked && seq_before(range.seq, sender.high_sacked);
    const bool told = sender.duplicate_acks >= enough_duplicates || sacked_behind;
    const bool in_recovery = sender.recovering && seq_before(range.seq, sender.recover);
    const bool again_in_time = range.again == 0 || elapsed < timeout_ns(session, sender) - least_rto_ns / 10;
    if ((told || in_recovery) && acked_lately && again_in_time) return segment_mark::fast;
    if (sender.duplicate_acks && acked_lately && elapsed < least_rto_ns / 2) return segment_mark::fast;  // early retransmit, RFC 5827

    // RFC 8985, 7: of a connection with SACK the first resend after silence is the tail's, before any timeout.
    const bool tail = range.end == sender.next && range.again == 0 && sender.resent == 0;
    if (tail && session.established && sack_in_use(session) && probe_due(session, sender, range, now_ns)) return segment_mark::loss_probe;
    return segment_mark::rto;
}

bool overtaken(const Session& session, const Side& sender, const Packet& packet, const SentRange* behind_hole, std::uint64_t now_ns) {
    if (!behind_hole) return false;
    if (packet.has_timestamps && behind_hole->tsval && packet.tsval != behind_hole->tsval) return seq_before(packet.tsval, behind_hole->tsval);
    const auto ahead = static_cast<std::int16_t>(packet.ip_id - behind_hole->ip_id);
    constexpr std::int16_t near = 4'096;  // beyond it the numbers are random, or another flow shares the counter
    if (packet.ip_id && behind_hole->ip_id && ahead != 0 && ahead > -near && ahead < near) return ahead < 0;
    const std::uint64_t late = since_ns(behind_hole->time_ns, now_ns);
    const bool told = sender.duplicate_acks >= enough_duplicates || (sender.has_sacked && seq_before(packet.seq, sender.high_sacked));
    const std::uint64_t round_trip = std::uint64_t{session.round_trip_us()} * us;
    if (told && late >= round_trip) return false;
    return late <= std::max(overtaken_within_ns, round_trip / 2);
}

}  // namespace tcpwitness
