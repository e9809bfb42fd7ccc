#include <fmt/format.h>

#include "base/text.h"
#include "findings/every_rule.h"
#include "findings/facts.h"

namespace tcpwitness {

namespace {

constexpr const char* id = "retransmission-timeout";

std::vector<Finding> find(const Story& story) {
    std::vector<Finding> found;
    for (const Connection& c : story.connections) {
        if (c.ending != Ending::timed_out) continue;
        const Event* error = last<SocketError>(c);
        const Event* end = error ? error : &c.events.back();
        std::vector<std::uint64_t> times;
        std::vector<const Event*> again;
        for (const Event& event : c.events)
            if (const auto* sent = event.as<Retransmit>(); sent && sent->what != Retransmit::What::syn) {
                // The last run counts: earlier retransmits were answered, they started over at round 0 or 1.
                if (!again.empty() && sent->tcp.retransmits < again.back()->as<Retransmit>()->tcp.retransmits) {
                    again.clear();
                    times.clear();
                }
                again.push_back(&event);
                times.push_back(event.time_ns);
            }
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
        cite(f, again);
        cite(f, error);
        f.settle = record_on(c.flow.peer.address) + ": it tells whether the path or that host went silent";
        if (const Connection* other = story.other_end(c)) {
            add_end(f, other);
            f.certainty = Certainty::likely;
            f.leans_on_silence = true;
            f.reasons.push_back(fmt::format("{} was recorded at that time: its end {} and got no sign of trouble", place(story, other->witness),
                                            other->live() ? "stayed open" : "ended on its own"));
            f.settle = fmt::format("capture packets on {} at the same time: data segments are not in this trace", c.flow.peer.address.text());
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
    "keepalive or zero-window probes that stayed unanswered.",
    "Not connect-timeout, which ends before a connection is there. After long silence the finding is idle-reset.",
    "See whether other connections to the same host died at that time. Check the route and the peer's uptime. Record on the peer at the same time. net.ipv4.tcp_retries2 and TCP_USER_TIMEOUT say how long the "
    "kernel tries.",
    find,
};

}  // namespace tcpwitness
