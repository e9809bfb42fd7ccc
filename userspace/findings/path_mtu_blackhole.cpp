#include <algorithm>

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
        if (segment && by_packets(c) && !segment->outgoing && acknowledges(*segment, run.seq + 1)) return true;
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

std::vector<Finding> find(const Story& story) {
    std::vector<Finding> found;
    for (const Connection& c : story.connections) {
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
    "being dropped.",
    "Not path MTU discovery that works: the ICMP error arrives and the segment is sent again at once, smaller. Not a path that is dead as a whole: that is retransmission-timeout.",
    "Let ICMP type 3 code 4 (ICMPv6 type 2) pass on every firewall of the way. Until then: lower the device's MTU or the route's (ip route ... mtu lock), clamp the MSS on the router, or set net.ipv4.tcp_mtu_probing=1.",
    find,
};

}  // namespace tcpwitness
