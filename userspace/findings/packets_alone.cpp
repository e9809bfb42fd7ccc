#include "findings/packets_alone.h"

#include <algorithm>
#include <optional>

#include "findings/facts.h"
#include "findings/segments.h"

namespace tcpwitness {

namespace {

bool sent_again(const Segment& segment, bool outgoing) {
    return segment.outgoing == outgoing && segment.marks & segment_mark::retransmission && !segment.syn() && !segment.syn_ack();
}

constexpr std::uint64_t answer_within_ns = 1'000'000'000;  // one that is on its way still may be captured no more

/// One byte before what comes next, with or without data. Where the session's beginning is missing, only the RST of a prober shows that a bare ACK was one.
bool may_probe(const Segment& segment) {
    if (segment.marks & segment_mark::keepalive) return true;
    return segment.payload == 0 && segment.marks == 0 && segment.is(tcp_flag::ack);
}

bool evenly(const std::vector<std::uint64_t>& times, std::uint64_t every_ns) {
    constexpr std::uint64_t least_ns = 500'000'000;
    for (std::size_t i = 1; i < times.size(); ++i) {
        const std::uint64_t pause = times[i] - times[i - 1];
        if ((pause > every_ns ? pause - every_ns : every_ns - pause) * 4 > every_ns) return false;
    }
    return every_ns >= least_ns;
}

}  // namespace

bool answer_not_captured(const Connection& c) {
    if (!by_packets(c) || c.role != Role::client || c.has(sign::syn_ack_in)) return false;
    return std::any_of(c.events.begin(), c.events.end(), [](const Event& event) {
        const Segment* segment = event.as<Segment>();
        return segment && segment->outgoing && !segment->rst() && !segment->syn() && segment->flags & tcp_flag::ack;
    });
}

bool answer_not_captured(const Story& story, const Connection& c) {
    constexpr std::size_t enough = 1'000;  // a capture of both directions shows it within the first few
    if (answer_not_captured(c)) return true;
    if (!by_packets(c) || c.role != Role::client || c.wire->server.packets) return false;
    bool answered = false;
    std::size_t seen = 0;
    for (const Connection& other : story.with(trait::captured)) {
        if (!by_packets(other) || other.witness != c.witness) continue;
        if (other.wire->client.packets && other.wire->server.packets) return false;
        answered = answered || answer_not_captured(other);
        if (++seen == enough) break;
    }
    return answered;
}

std::vector<Resend> last_resends(const Connection& c, bool outgoing) {
    std::vector<Resend> run;
    if (!by_packets(c)) {
        for (const Event& event : c.events) {
            const Retransmit* again = event.as<Retransmit>();
            if (!outgoing || !again || again->what == Retransmit::What::syn || again->what == Retransmit::What::syn_ack) continue;
            // Earlier retransmits were answered: they started over at round 0 or 1.
            if (!run.empty() && again->tcp.retransmits < run.back().event->as<Retransmit>()->tcp.retransmits) run.clear();
            run.push_back({&event, again->seq, again->end_seq});
        }
        return run;
    }
    for (const Event& event : c.events) {
        const Segment* segment = event.as<Segment>();
        if (!segment || event.time_ns <= c.dropped_until_ns) continue;
        if (sent_again(*segment, outgoing)) {
            if (!run.empty() && run.back().seq != segment->seq) run.clear();
            run.push_back({&event, segment->seq, end_of(*segment)});
        } else if (!run.empty() && segment->outgoing != outgoing && acknowledges(*segment, run.front().seq + 1)) {
            run.clear();
        }
    }
    return run;
}

std::vector<const Event*> syn_acks_again(const Connection& c) {
    std::vector<const Event*> again;
    if (!by_packets(c)) {
        for (const Event& event : c.events)
            if (event.as<SynAckRetransmit>()) again.push_back(&event);
        return again;
    }
    again = packets(c, [](const Segment& segment) { return segment.syn_ack() && segment.outgoing; });
    if (!again.empty()) again.erase(again.begin());
    return again;
}

const Event* last_packet(const Connection& c, bool outgoing, std::uint64_t before_ns, bool with_payload) {
    for (auto event = c.events.rbegin(); event != c.events.rend(); ++event)
        if (const Segment* segment = event->as<Segment>();
            segment && segment->outgoing == outgoing && event->time_ns < before_ns && (segment->payload || !with_payload))
            return &*event;
    return nullptr;
}

std::uint32_t unacknowledged(const Connection& c, bool outgoing, std::uint64_t at_ns) {
    std::optional<std::uint32_t> sent, acknowledged;
    for (const Event& event : c.events) {
        const Segment* segment = event.as<Segment>();
        if (!segment || event.time_ns > at_ns || segment->rst()) continue;
        if (segment->outgoing == outgoing) {
            if (segment->payload && (!sent || seq_before(*sent, end_of(*segment)))) sent = segment->seq + segment->payload;
        } else if (segment->flags & tcp_flag::ack && (!acknowledged || seq_before(*acknowledged, segment->ack))) {
            acknowledged = segment->ack;
        }
    }
    return sent && acknowledged && seq_before(*acknowledged, *sent) ? *sent - *acknowledged : 0;
}

UnansweredProbes unanswered_probes(const Connection& c, bool outgoing, std::uint64_t capture_end_ns) {
    UnansweredProbes run;
    for (const Event* event : segments_of(c)) {
        const Segment& segment = *event->as<Segment>();
        if (segment.outgoing != outgoing) {
            run = {};
            run.heard = event;
        } else if (segment.rst()) {
            if (!run.probes.empty() && segment.seq == run.probes.back()->as<Segment>()->seq + 1) run.reset = event;
            break;
        } else if (!may_probe(segment)) {
            run.probes.clear();
        } else {
            if (!run.probes.empty() && run.probes.back()->as<Segment>()->seq != segment.seq) run.probes.clear();
            run.probes.push_back(event);
        }
    }
    std::vector<std::uint64_t> times;
    for (const Event* probe : run.probes) times.push_back(probe->time_ns);
    if (times.size() < 2) return {};
    run.every_ns = times[1] - times[0];
    const bool known = std::all_of(run.probes.begin(), run.probes.end(), [](const Event* probe) { return probe->as<Segment>()->marks & segment_mark::keepalive; });
    if (run.reset) times.push_back(run.reset->time_ns);
    if (!run.reset && (!known || c.has(sign::ended) || times.back() + answer_within_ns > capture_end_ns)) return {};
    return evenly(times, run.every_ns) ? run : UnansweredProbes{};
}

std::uint64_t watched_until(const Story& story, WitnessId witness, std::uint64_t from_ns, std::uint64_t to_ns) {
    const Recording& recording = story.recording_of(witness);
    if (recording.pauses.empty()) return to_ns;
    const std::uint64_t began_ns = recording.clock.own_ns(from_ns);
    for (const Pause& pause : recording.pauses)
        if (pause.to_ns > began_ns) return std::min(to_ns, from_ns + (pause.from_ns > began_ns ? pause.from_ns - began_ns : 0));
    return to_ns;
}

std::uint64_t watched_to(const Story& story, const Connection& c) {
    if (!c.live()) return c.end_ns;
    const std::uint64_t end_ns = std::max(story.recording_of(c.witness).end_ns, c.end_ns);
    return by_packets(c) ? watched_until(story, c.witness, c.end_ns, end_ns) : end_ns;
}

ClosedWindow closed_window(const Story& story, const Connection& c, bool own, std::uint64_t least_ns) {
    ClosedWindow longest, current;
    if (!c.has(sign::established)) return longest;
    const WireDirection& wire = own == (c.role == Role::server) ? c.wire->server : c.wire->client;
    const std::uint64_t known_ns = c.dropped_until_ns ? (std::uint64_t{wire.window_closed_ms} + 1) * 1'001'000 : UINT64_MAX;
    const auto over = [&](std::uint64_t at_ns) {
        if (!current.events.empty()) at_ns = watched_until(story, c.witness, current.from_ns, at_ns);
        current.to_ns = at_ns;
        const std::uint64_t took = at_ns - std::min(at_ns, current.from_ns);
        // Where packets between were not kept, one that opened it may be missing: the longest time is known all the same.
        if (!current.events.empty() && took >= least_ns && took <= known_ns && took > longest.to_ns - longest.from_ns) longest = current;
        current = {};
    };
    for (const Event* event : kept_segments(c)) {
        const Segment& segment = *event->as<Segment>();
        if (segment.outgoing != own) {
            if (current.events.empty() || !(segment.marks & segment_mark::window_probe)) continue;
            current.events.push_back(event);
            ++current.probes;
        } else if (segment.rst()) {
            over(event->time_ns);
        } else if (segment.syn() || segment.syn_ack()) {
            continue;
        } else if (segment.window == 0 && current.events.empty()) {
            current.events.push_back(event);
            current.from_ns = event->time_ns;
        } else if (segment.window && !current.events.empty()) {
            current.events.push_back(event);
            current.opened = true;
            over(event->time_ns);
        }
    }
    over(watched_to(story, c));
    return longest;
}

}  // namespace tcpwitness
