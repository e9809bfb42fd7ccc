#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <fmt/format.h>

#include "base/text.h"
#include "findings/every_rule.h"
#include "findings/facts.h"
#include "findings/given_up.h"

namespace tcpwitness {

namespace {

constexpr const char* id = "user-timeout";

/// What had been sent and stayed unanswered when the time was over.
std::string unanswered(const Connection& c, const GivenUp& how) {
    if (how.by_keepalive) return "keepalive probes stayed unanswered";
    const TcpNumbers& tcp = how.error->as<SocketError>()->tcp;
    const std::uint32_t bytes = tcp.unacknowledged();
    std::size_t again = 0;
    for (const Event& event : c.events)
        if (event.as<Retransmit>()) ++again;
    return fmt::format("{} unacknowledged{}", bytes ? count_text(bytes, "byte stayed", "bytes stayed") : "data stayed",
                       again ? fmt::format(" after {}", count_text(again, "retransmit", "retransmits")) : "");
}

std::vector<Finding> find(const Story& story) {
    std::vector<Finding> found;
    for (const Connection& c : story.with(sign::error)) {
        const auto how = given_up(c);
        if (!how || !how->user_timeout_ms) continue;
        Finding f = about(id, Culprit::path, Certainty::possible, c, how->error->time_ns);
        f.cause_ns = how->reset ? std::min(silent_since(*how), how->reset->time_ns) : silent_since(*how);
        for (const Event& event : c.events)
            if (event.as<Retransmit>()) {
                f.first_ns = std::min(f.first_ns, event.time_ns);
                cite(f, &event);
            }
        f.headline = fmt::format("{}{}: the connection with {} was given up by its TCP_USER_TIMEOUT of {}: {}", who(c), at_place(story, c), c.flow.peer.text(),
                                 duration_text(std::uint64_t{how->user_timeout_ms} * 1'000'000), unanswered(c, *how));
        if (const std::string set = options_text(story, c, {{IPPROTO_TCP, TCP_USER_TIMEOUT}}); !set.empty()) f.reasons.push_back("the application set " + set + " (ms)");
        f.reasons.push_back("without that option the kernel would have tried for longer (net.ipv4.tcp_retries2, tcp_keepalive_*)");
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

const Rule user_timeout = {
    id, "a connection was given up when its TCP_USER_TIMEOUT was over",
    "The application told the kernel how long data may stay unacknowledged (TCP_USER_TIMEOUT), and that time was over: no acknowledgement came, and the connection ended with ETIMEDOUT earlier than the "
    "kernel's own limits would have ended it.",
    "An open connection that ends with ETIMEDOUT on a socket that has TCP_USER_TIMEOUT set; the kernel's own value is read at that moment, so that it counts also where it was set before the recording. "
    "The finding tells the value and what stayed unanswered.",
    "Not proof that the path is dead: a short interruption is enough when the timeout is short. A peer that acknowledges, but does not read, shows as zero-window-stall. Without the option it is retransmission-timeout or "
    "keepalive-timeout.",
    "Compare the value with what the path needs: several retransmits (1 s, 2 s, 4 s) should fit into it. Look for what interrupted the path at that time, and record on the peer.",
    find,
};

}  // namespace tcpwitness
