#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "base/text.h"
#include "findings/every_rule.h"
#include "findings/facts.h"
#include "findings/packets_alone.h"
#include "findings/segments.h"
#include "model/sequence.h"

namespace tcpwitness {

namespace {

constexpr std::uint32_t largest_segment = 1u << 20;  // no segment is larger, also before segmentation offload
constexpr const char* id = "path-mtu-blackhole";
constexpr std::uint32_t least_large = 1000;  ///< bytes of payload; below that every link passes it
constexpr std::size_t rounds_enough = 3;

/// The rounds in which the same large segment was sent again, and nothing came of it.
struct Run {
    std::vector<const Event*> rounds;
    std::uint32_t seq = 0, bytes = 0;
};

Run last_run(const Connection& c) {
    Run run;
    for (const Resend& again : last_resends(c)) {
        const std::uint32_t bytes = again.end - again.seq;
        if (bytes > largest_segment) continue;  // the record does not tell where it ends
        if (const Retransmit* told = again.event->as<Retransmit>(); told && told->error) continue;  // it was not sent
        if (run.rounds.empty() || again.seq != run.seq) run = {{}, again.seq, bytes};
        run.bytes = std::min(run.bytes, bytes);
        run.rounds.push_back(again.event);
    }
    return run;
}

/// The large segment went through in the end: smaller, or after the path had mended.
bool got_through(const Connection& c, const Run& run) {
    return std::any_of(c.events.begin(), c.events.end(), [&](const Event& event) {
        if (event.time_ns <= run.rounds.back()->time_ns) return false;
        const Segment* segment = event.as<Segment>();
        if (segment && !segment->outgoing && acknowledges(*segment, run.seq + 1)) return true;
        const StateChange* change = event.as<StateChange>();
        if (change && (change->to == TcpState::fin_wait2 || change->to == TcpState::time_wait)) return true;  // the FIN behind it was acknowledged
        const Retransmit* again = event.as<Retransmit>();
        const Sample* sample = event.as<Sample>();
        const SocketError* error = event.as<SocketError>();
        const ResetSent* reset = event.as<ResetSent>();
        const TcpNumbers* tcp = again ? &again->tcp : sample ? &sample->tcp : error ? &error->tcp : reset ? &reset->tcp : nullptr;
        return tcp && tcp->snd_una && seq_after(tcp->snd_una, run.seq);
    });
}

/// A small packet of the peer that came in while the large ones vanished: the path itself is alive.
const Event* sign_of_life(const Connection& c, const Run& run) {
    for (const Event& event : c.events) {
        if (event.time_ns <= run.rounds.front()->time_ns) continue;
        const Segment* segment = event.as<Segment>();
        const ResetReceived* reset = event.as<ResetReceived>();
        const StateChange* change = event.as<StateChange>();
        if ((segment && !segment->outgoing && !segment->rst()) || reset || (change && change->to == TcpState::close_wait)) return &event;
    }
    return nullptr;
}

/// A message that would have told the sender: thrown away here, or by a host on the way that was recorded.
const Event* lost_message(const Story& story, const Connection& c) {
    for (const Event& event : c.events)
        if (const Drop* drop = event.as<Drop>(); drop && drop->icmp) return &event;
    for (const Event* event : story.unmatched_events(c.flow))
        if (const Drop* drop = event->as<Drop>(); drop && drop->icmp) return event;
    return nullptr;
}

bool told_too_big(const Connection& c) {
    return std::any_of(c.events.begin(), c.events.end(), [](const Event& event) {
        const Icmp* icmp = event.as<Icmp>();
        return icmp && icmp->too_big() && !icmp->outgoing;
    });
}

/// A sender that found the size by itself: the same large segment again and again, then its bytes in small ones, and nothing large since.
struct FoundOut {
    bool outgoing = false;
    std::vector<const Event*> tries;
    const Event *small = nullptr, *got = nullptr;  ///< the first that passed, and its ACK
    std::uint32_t large = 0;
};

std::optional<FoundOut> found_out(const Connection& c, bool outgoing) {
    constexpr std::size_t tries_enough = 3;
    constexpr std::uint64_t least_ns = 1'000'000'000;
    FoundOut run{.outgoing = outgoing};
    std::uint32_t seq = 0;
    std::uint64_t sent_since = 0;
    for (const Event* event : kept_segments(c)) {
        const Segment& segment = *event->as<Segment>();
        if (segment.outgoing != outgoing) {
            if (segment.rst()) break;
            if (!acknowledges(segment, seq + 1) || run.tries.empty()) continue;
            if (!run.small) run.tries.clear();
            if (run.small && !run.got) run.got = event;
            continue;
        }
        if (segment.payload == 0 || segment.payload > largest_segment) continue;
        if (run.got) {
            if (segment.payload > run.small->as<Segment>()->payload) return std::nullopt;
            if (!(segment.marks & segment_mark::retransmission)) sent_since += segment.payload;
            continue;
        }
        const bool first = run.tries.empty();
        if (first || segment.seq == seq) {
            const bool smaller = !first && segment.payload * 4 <= run.large * 3;
            const std::uint64_t tried_ns = first ? 0 : event->time_ns - run.tries.front()->time_ns;
            if (smaller && run.tries.size() >= tries_enough && tried_ns >= least_ns) {
                run.small = event;
            } else if (!run.small && segment.payload >= least_large) {
                if (first) seq = segment.seq;
                run.large = segment.payload;
                run.tries.push_back(event);
            }
        }
    }
    // So much was sent since that large segments would have been used.
    if (!run.got || sent_since < run.large) return std::nullopt;
    return run;
}

Finding tell(const Story& story, const Connection& c, const FoundOut& run) {
    const Endpoint &from = run.outgoing ? c.flow.local : c.flow.peer, &to = run.outgoing ? c.flow.peer : c.flow.local;
    Finding f = about(id, Culprit::path, Certainty::likely, c, run.small->time_ns);
    f.first_ns = run.tries.front()->time_ns;
    f.harm = Harm::delay;
    f.weight = run.small->time_ns - f.first_ns;
    const std::uint32_t small = run.small->as<Segment>()->payload;
    f.headline = fmt::format("{}{}: segments of {} bytes to {} vanished, {} over {}; in segments of {} the same bytes went through, and no ICMP says that they were too big", from.text(),
                             at_place(story, c), run.large, to.text(), count_text(run.tries.size(), "try", "tries"), since(f.first_ns, run.small->time_ns), small);
    f.reasons.push_back(fmt::format("it sent nothing larger than {} bytes since: its stack found out by itself what passes", small));
    cite(f, run.tries);
    cite(f, run.small);
    cite(f, run.got);
    f.settle = fmt::format("ping {} from {} with -M do and growing -s: the size at which answers stop is the path's MTU", to.address.text(), from.address.text());
    f.fold_key = fmt::format("{}/{}/{}", c.witness, from.address.text(), to.address.text());
    return f;
}

std::vector<Finding> find(const Story& story) {
    std::vector<Finding> found;
    for (const Connection& c : story.with(sign::retransmit | trait::captured)) {
        if (by_packets(c) && c.has(sign::established) && !on_this_host(c) && (c.wire->client.retransmitted || c.wire->server.retransmitted) && !told_too_big(c))
            for (const bool outgoing : {true, false})
                if (const auto run = found_out(c, outgoing)) found.push_back(tell(story, c, *run));
        if (!c.has(sign::established) || !c.has(sign::retransmit) || c.is_listener() || on_this_host(c)) continue;
        const Run run = last_run(c);
        if (run.rounds.size() < rounds_enough || run.bytes < least_large || got_through(c, run)) continue;
        const Event* alive = sign_of_life(c, run);
        const Event* lost = lost_message(story, c);
        if ((!alive && !lost) || told_too_big(c)) continue;  // else a path that lost everything looks the same
        Finding f = about(id, Culprit::path, Certainty::likely, c, run.rounds.front()->time_ns);
        f.last_ns = run.rounds.back()->time_ns;
        f.headline = fmt::format("{}{}: segments of {} bytes to {} vanish, small ones pass: {} over {} without an answer, and no ICMP says that they are too big", who(c),
                                 at_place(story, c), run.bytes, c.flow.peer.text(), count_text(run.rounds.size(), "retransmit", "retransmits"),
                                 since(f.first_ns, f.last_ns));
        cite(f, run.rounds);
        if (alive) {
            f.reasons.push_back(fmt::format("a small packet of {} still came in {} after the first of them", c.flow.peer.address.text(), since(f.first_ns, alive->time_ns)));
            cite(f, alive);
        }
        if (lost) {
            const Drop& drop = *lost->as<Drop>();
            f.reasons.push_back(fmt::format("{} dropped the ICMP error that tells it: {} in {}", place(story, lost->witness), printable(drop.reason),
                                            printable(drop.place)));
            if (lost->witness == c.witness && drop.by_packet_filter()) f.culprit = Culprit::local_firewall;
            cite(f, lost);
        }
        add_end(f, story.other_end(c));
        f.settle = fmt::format("ping {} with -M do and growing -s from here: the size at which answers stop is the path's MTU", c.flow.peer.address.text());
        f.fold_key = fmt::format("{}/{}", c.witness, c.flow.peer.address.text());
        found.push_back(std::move(f));
    }
    return found;
}

}  // namespace

const Rule path_mtu_blackhole = {
    id, "large segments vanish on the path, small ones pass",
    "A link on the way takes only smaller packets than this host sends. The router before it has to say so by ICMP (fragmentation needed, packet too big); that message is filtered somewhere. So handshakes and "
    "short messages work, and the connection hangs with its first large one.",
    "An established connection on which the same segment of 1000 bytes or more was sent again three times and never acknowledged, while a small packet of the peer still came in, or the ICMP error was seen "
    "being dropped. From packets also: such a segment was sent three times over a second or more, then its bytes went through in smaller ones, and nothing larger was sent since.",
    "Not path MTU discovery that works: the ICMP error arrives and the segment is sent again at once, smaller. Not a path that is dead as a whole: that is retransmission-timeout.",
    "Let ICMP type 3 code 4 (ICMPv6 type 2) pass on every firewall of the way. Until then: lower the device's MTU or the route's (ip route ... mtu lock), clamp the MSS on the router, or set net.ipv4.tcp_mtu_probing=1.",
    find,
};

}  // namespace tcpwitness
