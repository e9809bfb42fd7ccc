#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <fmt/format.h>

#include "base/text.h"
#include "findings/every_rule.h"
#include "findings/facts.h"
#include "findings/given_up.h"
#include "findings/packets_alone.h"

namespace tcpwitness {

namespace {

constexpr const char* id = "keepalive-timeout";

/// By packets alone: which end asked in vain. That it was keepalive and not TCP_USER_TIMEOUT that gave up does not show.
std::optional<Finding> tell_packets(const Story& story, const Connection& c) {
    if (c.wire->client.keepalives + c.wire->server.keepalives == 0 && !c.has(sign::rst_out | sign::rst_in)) return std::nullopt;
    for (const bool ours : {true, false}) {
        const UnansweredProbes run = unanswered_probes(c, ours, watched_until(story, c.witness, c.end_ns, story.recording_of(c.witness).end_ns));
        if (run.probes.empty()) continue;
        const Endpoint &prober = ours ? c.flow.local : c.flow.peer, &silent = ours ? c.flow.peer : c.flow.local;
        const bool here = !ours && !on_the_way(c);
        Finding f = about(id, here ? Culprit::local_firewall : Culprit::path, Certainty::possible, c, (run.reset ? run.reset : run.probes.back())->time_ns);
        f.first_ns = run.probes.front()->time_ns;
        f.cause_ns = run.heard ? run.heard->time_ns : 0;
        f.headline = fmt::format("{}{}: {} to {}, one every {}, stayed unanswered{}", prober.text(), at_place(story, c),
                                 count_text(run.probes.size(), "keepalive probe", "keepalive probes"), silent.text(), duration_text(run.every_ns),
                                 run.reset ? ", and it gave the connection up with a RST" : " to the end of the capture");
        if (run.heard) {
            f.reasons.push_back(fmt::format("{} was heard of {} before the first of them for the last time", silent.text(), since(run.heard->time_ns, f.first_ns)));
            cite(f, run.heard);
        }
        cite(f, run.probes);
        cite(f, run.reset);
        f.settle = record_on(silent.address) + ": it tells whether the path or that host went silent";
        f.fold_key = fmt::format("packets/{}/{}/{}", c.witness, (c.role == Role::server ? c.flow.local : c.flow.peer).text(), ours);
        return f;
    }
    return std::nullopt;
}

std::vector<Finding> find(const Story& story) {
    std::vector<Finding> found;
    for (const Connection& c : story.with(sign::error | trait::captured)) {
        if (by_packets(c)) {
            if (auto seen = tell_packets(story, c)) found.push_back(std::move(*seen));
            continue;
        }
        const auto how = given_up(c);
        if (!how || !how->by_keepalive || how->user_timeout_ms) continue;
        const auto& error = *how->error->as<SocketError>();
        const Timer* timer = how->keepalive ? how->keepalive->as<Timer>() : nullptr;
        const unsigned probes = timer && timer->retransmits ? timer->retransmits : error.tcp.probes_out;
        Finding f = about(id, Culprit::path, Certainty::possible, c, how->error->time_ns);
        f.cause_ns = how->reset ? std::min(silent_since(*how), how->reset->time_ns) : silent_since(*how);
        f.headline = fmt::format("{}{}: the connection with {} was given up by keepalive: {} unanswered{}", who(c), at_place(story, c), c.flow.peer.text(),
                                 probes ? count_text(probes, "probe stayed", "probes stayed") : "probes stayed",
                                 timer && timer->timeout_ms ? fmt::format(", nothing had come for {}", duration_text(std::uint64_t{timer->timeout_ms} * 1'000'000)) : "");
        if (const std::string set = options_text(story, c, {{SOL_SOCKET, SO_KEEPALIVE}, {IPPROTO_TCP, TCP_KEEPIDLE}, {IPPROTO_TCP, TCP_KEEPINTVL}, {IPPROTO_TCP, TCP_KEEPCNT}}); !set.empty())
            f.reasons.push_back("the application set " + set);
        for (const Event& event : c.events)
            if (const Timer* one = event.as<Timer>(); one && one->which == Timer::Which::keepalive && one->retransmits) {
                cite(f, &event);
                f.first_ns = std::min(f.first_ns, event.time_ns);
            }
        if (how->reset) f.first_ns = std::min(f.first_ns, how->reset->time_ns);
        cite(f, how->keepalive);
        cite(f, how->reset);
        cite(f, how->error);
        judge_silence(f, story, c);
        f.fold_key = fmt::format("{}/{}/{}", c.witness, c.owner.comm, (c.role == Role::server ? c.flow.local : c.flow.peer).text());
        found.push_back(std::move(f));
    }
    return found;
}

}  // namespace

const Rule keepalive_timeout = {
    id, "an idle connection was given up because keepalive probes stayed unanswered",
    "The connection was silent, so the kernel asked the peer whether it is still there (SO_KEEPALIVE), several times, and got no answer at all. It sent a RST and gave the application ETIMEDOUT. The path is "
    "broken, the peer's host is gone, or a device between has forgotten the connection and drops its packets.",
    "Keepalive timers that fired with probes unanswered, then a reset of the kernel's own accord (reason KEEPALIVE_TIMEOUT from kernel 6.10 on) and error ETIMEDOUT, with nothing sent again in between. The finding "
    "tells how many probes and for how long nothing had come. From packets alone: two or more keepalive probes, evenly spaced, that nothing answered, then the prober's RST as long after again, or the "
    "capture's end.",
    "Not a peer that answers: a RST in answer to a probe is idle-reset or reset-received. Not data that was never acknowledged: that is retransmission-timeout. With TCP_USER_TIMEOUT set it is that which decides: user-timeout; "
    "packets alone do not show which of the two it was.",
    "See whether other connections to the same host died at that time. A device that forgets idle connections shows by an idle time that is always the same: probe more often than it forgets (TCP_KEEPIDLE). "
    "Record on the peer at the same time.",
    find,
};

}  // namespace tcpwitness
