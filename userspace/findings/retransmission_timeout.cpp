#include <fmt/format.h>

#include "base/text.h"
#include "findings/every_rule.h"
#include "findings/facts.h"
#include "findings/packets_alone.h"
#include "findings/segments.h"

namespace tcpwitness {

namespace {

constexpr const char* id = "retransmission-timeout";

constexpr Proof proofs[] = {{"both ends recorded their segments: they show where the one that was sent in vain, or its ACK, got lost", silence, Lost::on_its_way}};

/// Where the data got lost that was sent in vain, by the segments of both ends.
void follow_segments(Finding& f, const Story& story, const Connection& c, const Connection& peer, std::uint32_t lost) {
    const auto carries = [&](const Segment& segment) { return segment.payload && !seq_before(lost, segment.seq) && seq_before(lost, end_of(segment)); };
    const auto answers = [&](const Segment& segment) { return segment.payload + segment.fin() + segment.syn() == 0 && acknowledges(segment, lost + 1); };
    const auto sent = packets(c, [&](const Segment& segment) { return segment.outgoing && carries(segment); });
    const auto arrived = packets(peer, [&](const Segment& segment) { return !segment.outgoing && carries(segment); });
    const auto answered = packets(peer, [&](const Segment& segment) { return segment.outgoing && answers(segment); });
    const auto came_back = packets(c, [&](const Segment& segment) { return !segment.outgoing && answers(segment); });
    const std::string here = place(story, c.witness), there = place(story, peer.witness);
    cite(f, sent);
    cite(f, arrived);
    cite(f, answered);
    if (sent.empty()) return;  // it never left: other findings tell about local drops
    prove(f, proofs[0]);
    const std::string times = count_text(sent.size(), "time", "times");
    if (arrived.empty() || answered.empty()) lean_on(f, peer.witness);
    else lean_on_arrival(f, c.witness, peer.witness);
    if (arrived.empty()) {
        f.reasons.push_back(fmt::format("the segment with seq {} left {} {} and never arrived at {}: lost on the way there", lost, here, times, there));
    } else if (answered.empty()) {
        f.culprit = Culprit::peer_host;
        f.reasons.push_back(fmt::format("the segment with seq {} arrived at {}, which never acknowledged it: its firewall or its kernel dropped it", lost, there));
    } else if (came_back.empty()) {
        f.reasons.push_back(fmt::format("the segment with seq {} arrived at {}, whose ACKs never came back to {}: lost on the way back", lost, there, here));
    } else {
        f.culprit = Culprit::local_firewall;
        f.certainty = Certainty::likely;
        f.reasons.push_back(fmt::format("the ACKs of {} came back to {}, whose TCP did not take them", there, here));
        f.settle = fmt::format("look on {} for a firewall rule that drops incoming packets", here);
    }
}

/// By packets alone: which end sent in vain, and how often; not what its application got.
std::optional<Finding> tell_packets(const Story& story, const Connection& c) {
    auto again = last_resends(c, true);
    const auto theirs = last_resends(c, false);
    const bool ours = theirs.empty() || (!again.empty() && again.back().event->time_ns > theirs.back().event->time_ns);
    if (!ours) again = theirs;
    if (again.empty()) return std::nullopt;
    const Event& first = *again.front().event;
    const Event& last_one = *again.back().event;
    Finding f = about(id, Culprit::path, Certainty::possible, c, last_one.time_ns);
    f.first_ns = first.time_ns;
    const Endpoint &sender = ours ? c.flow.local : c.flow.peer, &silent = ours ? c.flow.peer : c.flow.local;
    f.headline = fmt::format("{}{}: {} to {} stayed unanswered over {}, and the connection was silent from then on", sender.text(), at_place(story, c),
                             count_text(again.size(), "retransmit", "retransmits"), silent.text(), since(first.time_ns, last_one.time_ns));
    std::vector<std::uint64_t> times;
    for (const Resend& one : again) times.push_back(one.event->time_ns);
    if (times.size() > 1) f.reasons.push_back("retransmits came " + intervals_text(times));
    if (const Event* sign = last_packet(c, !ours, first.time_ns)) {
        f.reasons.push_back(fmt::format("{} was heard of {} before the first of them for the last time", silent.text(), since(sign->time_ns, first.time_ns)));
        cite(f, sign);
    }
    f.reasons.push_back(count_text(again.back().end - again.front().seq, "byte", "bytes") + " had not been acknowledged");
    for (const Resend& one : again) cite(f, one.event);
    if (!ours && !on_the_way(c)) f.culprit = Culprit::local_firewall;
    f.settle = record_on(silent.address) + ": it tells whether the path or that host went silent";
    f.fold_key = fmt::format("{}/{}/{}", c.witness, (c.role == Role::server ? c.flow.local : c.flow.peer).text(), ours);
    return f;
}

std::vector<Finding> find(const Story& story) {
    std::vector<Finding> found;
    for (const Connection& c : story.with(trait::failed | trait::captured)) {
        if (c.ending != Ending::timed_out) continue;
        if (by_packets(c)) {
            if (auto seen = tell_packets(story, c)) found.push_back(std::move(*seen));
            continue;
        }
        const Event* error = last<SocketError>(c);
        const Event* end = error ? error : &c.events.back();
        std::vector<std::uint64_t> times;
        const std::vector<Resend> again = last_resends(c);
        for (const Resend& one : again) times.push_back(one.event->time_ns);
        const TcpNumbers tcp = error ? error->as<SocketError>()->tcp : TcpNumbers{};
        const bool probes = again.empty();

        Finding f = about(id, Culprit::path, Certainty::possible, c, end->time_ns);
        if (!probes) f.first_ns = times.front();
        f.headline = probes ? fmt::format("{}{}: the connection with {} was given up with ETIMEDOUT: {} unanswered", who(c), at_place(story, c), c.flow.peer.text(),
                                          tcp.probes_out ? count_text(tcp.probes_out, "probe stayed", "probes stayed") : "probes stayed")
                            : fmt::format("{}{}: the connection with {} was given up with ETIMEDOUT: {} unanswered over {}", who(c), at_place(story, c),
                                          c.flow.peer.text(), count_text(again.size(), "retransmit stayed", "retransmits stayed"),
                                          since(times.front(), end->time_ns));
        if (times.size() > 1) f.reasons.push_back("retransmits came " + intervals_text(times));
        if (!times.empty()) f.reasons.push_back(fmt::format("the kernel gave up {} after the last one", since(times.back(), end->time_ns)));
        if (const std::uint32_t bytes = tcp.unacknowledged()) f.reasons.push_back(count_text(bytes, "byte", "bytes") + " had not been acknowledged");
        for (const Resend& one : again) cite(f, one.event);
        cite(f, error);
        f.settle = record_on(c.flow.peer.address) + ": it tells whether the path or that host went silent";
        if (const Connection* other = story.other_end(c)) {
            add_end(f, other);
            f.certainty = Certainty::likely;
            f.reasons.push_back(fmt::format("{} was recorded at that time: its end {} and got no sign of trouble", place(story, other->witness),
                                            other->live() ? "stayed open" : "ended on its own"));
            f.settle = "record again with --segments and a filter: then the trace holds the data segments of both ends";
            const bool followed = segments_recorded(story, c.witness) && segments_recorded(story, other->witness) && watched(story, other->witness, f);
            if (followed && !probes && !c.events_dropped && !other->events_dropped) follow_segments(f, story, c, *other, again.front().seq);
        }
        f.fold_key = fmt::format("{}/{}/{}/{}", c.witness, c.owner.comm, (c.role == Role::server ? c.flow.local : c.flow.peer).text(), probes);
        found.push_back(std::move(f));
    }
    return found;
}

}  // namespace

const Rule retransmission_timeout = {
    id, "an open connection died with ETIMEDOUT",
    "Data that this host sent was never acknowledged although the kernel sent it again and again, until it gave up. The path broke, the peer's host vanished, or a device between drops "
    "the connection's packets.",
    "Retransmits of an established connection, round after round, then error ETIMEDOUT. The finding gives the number of rounds, the times between them and the total. Without retransmits it was "
    "keepalive or zero-window probes that stayed unanswered. With both ends recorded and `--segments` it is known where the data or its ACKs were lost, and that is proven.",
    "Not connect-timeout, which ends before a connection is there. After long silence the finding is idle-reset.",
    "See whether other connections to the same host died at that time. Check the route and the peer's uptime. Record on the peer at the same time. net.ipv4.tcp_retries2 and TCP_USER_TIMEOUT say how long the "
    "kernel tries.",
    find,
    proofs,
};

}  // namespace tcpwitness
