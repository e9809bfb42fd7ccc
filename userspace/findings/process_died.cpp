#include <algorithm>
#include <csignal>
#include <map>
#include <unordered_map>

#include <fmt/format.h>

#include "base/text.h"
#include "findings/every_rule.h"
#include "findings/facts.h"
#include "findings/packets_alone.h"

namespace tcpwitness {

namespace {

constexpr const char* id = "process-died";

constexpr Proof proofs[] = {{"the process was seen ending by a signal, and the kernel closed the connections for it right then", 0}};
constexpr std::uint64_t cleanup_ns = 2'000'000'000;  ///< from a process's exit to the last of its sockets closed
constexpr std::size_t most_named = 8;

/// Nobody asks a process to end like that, and none can finish what it does.
bool sudden(int signal) {
    return signal == SIGKILL || signal == SIGSEGV || signal == SIGABRT || signal == SIGBUS || signal == SIGILL || signal == SIGFPE || signal == SIGSYS;
}

/// The change of state by which this end closed before the other had; nullptr: it did not.
const Event* closed_first(const Connection& c) {
    for (const Event& event : c.events) {
        if (const StateChange* change = event.as<StateChange>()) {
            if (change->to == TcpState::fin_wait1 || (change->to == TcpState::close && change->from == TcpState::established)) return &event;
            if (change->to == TcpState::close_wait || change->to == TcpState::close) return nullptr;
        }
        const Segment* segment = event.as<Segment>();
        if (segment && (segment->fin() || segment->rst())) return nullptr;
    }
    return nullptr;
}

/// By the numbers of its FIN, a server had got something and sent nothing: a request was without its answer.
bool unanswered(const Connection& c) {
    if (c.role != Role::server || !c.local_isn || !c.peer_isn) return false;
    for (const Event& event : c.events)
        if (const Segment* segment = event.as<Segment>(); segment && segment->outgoing && segment->fin())
            return segment->seq + segment->payload == *c.local_isn + 1 && segment->ack != *c.peer_isn + 1;
    return false;
}

struct Death {
    const Event* exit;
    std::vector<const Connection*> cut;
    std::size_t unanswered = 0;
};

std::vector<Finding> find(const Story& story) {
    std::unordered_map<std::uint32_t, std::vector<const Event*>> exits;
    for (const Event& event : story.process_exits)
        if (event.as<ProcessExit>()->code) exits[event.as<ProcessExit>()->task.pid].push_back(&event);
    std::vector<Finding> found;
    if (exits.empty()) return found;
    std::map<const Event*, Death> deaths;
    for (const Connection& c : story.with(sign::local_closed | sign::ended)) {
        if (c.is_listener() || c.embryonic || by_packets(c) || !c.has(sign::established)) continue;
        const Event* closed = closed_first(c);
        if (!closed) continue;
        // Who closes is who dies: a connection may have been handed on since its accept().
        const std::uint32_t pid = closed->as<StateChange>()->pid;
        const auto of_pid = exits.find(pid);
        if (!pid || of_pid == exits.end() || (c.owner.pid != pid && std::none_of(c.users.begin(), c.users.end(), [&](const Task& user) { return user.pid == pid; }) && c.role != Role::server)) continue;
        for (const Event* exit : of_pid->second) {
            if (!story.same_host(exit->witness, c.witness) || exit->time_ns > closed->time_ns || closed->time_ns - exit->time_ns > cleanup_ns) continue;
            Death& death = deaths.try_emplace(exit, Death{exit, {}, 0}).first->second;
            death.cut.push_back(&c);
            death.unanswered += unanswered(c);
        }
    }
    for (const auto& [exit, death] : deaths) {
        const ProcessExit& how = *exit->as<ProcessExit>();
        if (!sudden(how.signal()) && !death.unanswered) continue;
        const Connection& example = *death.cut.front();
        Finding f = about(id, Culprit::local_application, Certainty::likely, example, exit->time_ns);
        prove(f, proofs[0]);
        const std::string end = how.signal() ? "was killed by " + killer(how) : fmt::format("exited with status {}", how.status());
        f.headline = fmt::format("{}{} {}: {} cut off{}", who(how.task), at_place(story, example), end,
                                 count_text(death.cut.size(), "open connection was", "open connections were"),
                                 death.unanswered ? fmt::format(", {} without an answer to its request", death.unanswered == death.cut.size() && death.unanswered > 1 ? "each" : std::to_string(death.unanswered)) : "");
        if (how.out_of_memory)
            f.reasons.push_back("memory ran out, of the whole host or of a control group that the process was in, and the kernel chose it");
        else if (how.signal() == SIGKILL)
            f.reasons.push_back("SIGKILL comes from kill -9, from a program that watches memory (systemd-oomd), or from whoever stops a container or service that did not end in time; the kernel's own OOM killer would be told");
        f.reasons.push_back("its kernel closed the connections with FIN: the other ends read an end of file");
        cite(f, exit);
        for (const Connection* c : death.cut) {
            add_end(f, c);
            const Connection* other = story.other_end(*c);
            add_end(f, other);
            if (f.reasons.size() < most_named)
                f.reasons.push_back(fmt::format("cut off: the connection with {}{}", c->flow.peer.text(), other && other->owner.known() ? fmt::format(" ({})", who(*other)) : ""));
            cite(f, closed_first(*c));
        }
        f.fold_key = fmt::format("{}/{}", how.task.pid, exit->time_ns);
        found.push_back(std::move(f));
    }
    return found;
}

}  // namespace

const Rule process_died = {
    id, "a process died and its open connections were cut off",
    "A process was killed or crashed while it had open connections. Its kernel closed them for it with FIN, so the other ends read an end of file in the midst of what they did: "
    "\"server closed the connection unexpectedly\". No RST and no timeout shows it.",
    "A process that owned sockets ended by SIGKILL or by a fault of its own (SIGSEGV, SIGABRT, ...), or in any other violent way with a request unanswered, and the kernel closed its connections within 2 s, before "
    "the other ends had closed theirs. The finding names the process, the signal or status, and the connections; the kernel tells "
    "when its OOM killer chose the process.",
    "Not an orderly end: a server that is asked to stop (SIGTERM) and closes idle connections cuts nobody off. When its listening socket went too and connects were refused since, or connections were reset, the "
    "finding is listener-gone.",
    "Find out who killed it: its own log, journalctl -k for what the OOM killer wrote (\"Out of memory: Killed process\"), a memory limit of its container, a core dump (coredumpctl) for a fault.",
    find,
    proofs,
};

}  // namespace tcpwitness
