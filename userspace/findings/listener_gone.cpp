#include <algorithm>
#include <unordered_map>

#include <fmt/format.h>

#include "base/text.h"
#include "findings/every_rule.h"
#include "findings/facts.h"

namespace tcpwitness {

namespace {

constexpr const char* id = "listener-gone";

enum { closed_then_refused, queue_reset };
constexpr Proof proofs[] = {
    {"the listening socket was seen closing, and the kernel found no socket for what came to its port afterwards", 0},
    {"the listening socket was seen closing, and the kernel reset what waited in its queue in the same moment", 0},
};
constexpr std::uint64_t cleanup_ns = 2'000'000'000;  ///< from a process's exit to the last of its sockets closed
constexpr std::uint64_t queue_ns = 100'000'000;       ///< within which its queue is emptied, where the kernel does not say so
constexpr std::size_t most_cited = 50;

struct Gone {
    const Connection* listener;
    const Event* exit = nullptr;             ///< of the process that held it
    std::uint64_t time_ns = 0;
    std::vector<const Connection*> refused;  ///< knocks on its port since
    std::vector<const Connection*> died;     ///< its connections that were reset
    std::vector<const Connection*> queued;   ///< those that waited for accept() when it was closed, and were reset
    std::size_t closed = 0;                  ///< its connections that were closed in good order
};

const Event* exit_of(const Story& story, const Connection& listener) {
    const Event* best = nullptr;
    for (const Event& event : story.process_exits) {
        if (!story.same_host(event.witness, listener.witness)) continue;
        const std::uint32_t pid = event.as<ProcessExit>()->task.pid;
        const bool held = pid == listener.owner.pid || std::any_of(listener.users.begin(), listener.users.end(), [&](const Task& user) { return user.pid == pid; });
        // The last of several holders closes it; exits come before the sockets are closed.
        if (held && event.time_ns <= listener.end_ns && listener.end_ns - event.time_ns <= cleanup_ns) best = &event;
    }
    return best;
}

bool same_place(const Connection& listener, const Connection& other) {
    return listener.witness == other.witness && listener.flow.local.port == other.flow.local.port
           && (listener.flow.local.address.unspecified() || listener.flow.local.address == other.flow.local.address);
}

/// When this end began to close.
std::uint64_t closed_at(const Connection& c) {
    for (const Event& event : c.events)
        if (const StateChange* change = event.as<StateChange>();
            change && (change->to == TcpState::fin_wait1 || change->to == TcpState::last_ack || change->to == TcpState::close))
            return event.time_ns;
    return c.end_ns;
}

/// Nobody had accepted it when the listening socket was closed: the kernel resets what waits in its queue.
bool reset_in_queue(const Connection& child, const Connection& listener) {
    const Event* reset = first<ResetSent>(child);
    if (!reset || child.accepted || child.has(sign::peer_closed)) return false;  // a client that has left loses nothing
    const ResetSent::By by = reset->as<ResetSent>()->by;
    const std::uint64_t apart = reset->time_ns > listener.end_ns ? reset->time_ns - listener.end_ns : listener.end_ns - reset->time_ns;
    return by == ResetSent::By::listener ? apart <= cleanup_ns : by == ResetSent::By::unknown && !reset->as<ResetSent>()->answers_segment && apart <= queue_ns;
}

std::vector<Gone> gone_listeners(const Story& story) {
    std::vector<Gone> gone;
    std::unordered_map<std::uint64_t, std::vector<const Connection*>> listeners, knocks, children;  // by witness and port
    const auto key = [](const Connection& c) { return std::uint64_t{c.witness} << 16 | c.flow.local.port; };
    for (const Connection& c : story.with(trait::listener | sign::knock)) {
        if (c.is_listener()) {
            listeners[key(c)].push_back(&c);
            if (!c.live()) gone.push_back({&c, nullptr, c.end_ns, {}, {}, {}, 0});
        } else if (c.has(sign::knock)) {
            knocks[key(c)].push_back(&c);
        }
    }
    if (gone.empty()) return gone;
    for (const Connection& c : story.with(sign::ended))
        if (!c.is_listener() && c.role == Role::server && !c.embryonic && !c.live() && listeners.contains(key(c))) children[key(c)].push_back(&c);

    for (Gone& one : gone) {
        const Connection& listener = *one.listener;
        one.exit = exit_of(story, listener);
        const std::uint64_t began = one.exit ? one.exit->time_ns : listener.end_ns;
        for (const Connection* knock : knocks[key(listener)]) {
            if (!same_place(listener, *knock) || knock->begin_ns < listener.end_ns) continue;
            // A knock belongs to the last listener that left; while another listens the kernel refuses nobody.
            const bool later_one = std::any_of(gone.begin(), gone.end(), [&](const Gone& other) {
                return other.listener != &listener && same_place(*other.listener, *knock) && other.time_ns > one.time_ns && other.time_ns <= knock->begin_ns;
            });
            if (!later_one) one.refused.push_back(knock);
        }
        for (const Connection* child : children[key(listener)]) {
            if (child->listener ? child->listener != listener.id : !same_place(listener, *child)) continue;
            const std::uint64_t at = closed_at(*child);
            if (reset_in_queue(*child, listener)) {
                one.queued.push_back(child);
                continue;
            }
            const bool with_it = one.exit && child->owner.pid == one.exit->as<ProcessExit>()->task.pid && at >= began && at <= listener.end_ns + cleanup_ns;
            if (!with_it) continue;
            const Connection* other = story.other_end(*child);
            if (child->ending == Ending::reset_sent || (other && other->ending == Ending::reset_received))
                one.died.push_back(child);
            else
                ++one.closed;
        }
    }
    return gone;
}

std::string cause(const Gone& gone) {
    if (!gone.exit) return fmt::format("{} closed its listening socket on {}", who(*gone.listener), gone.listener->flow.local.text());
    const ProcessExit& exit = *gone.exit->as<ProcessExit>();
    const std::string process = who(exit.task);
    return exit.signal() ? fmt::format("{}, which listened on {}, was killed by {}", process, gone.listener->flow.local.text(), killer(exit))
                         : fmt::format("{}, which listened on {}, exited with status {}", process, gone.listener->flow.local.text(), exit.status());
}

std::vector<Finding> find(const Story& story) {
    std::vector<Finding> found;
    for (const Gone& gone : gone_listeners(story)) {
        const bool violent = gone.exit && (gone.exit->as<ProcessExit>()->code != 0);
        if (gone.refused.empty() && gone.queued.empty() && !(violent && !gone.died.empty())) continue;
        const Connection& listener = *gone.listener;
        std::uint64_t began = gone.exit ? gone.exit->time_ns : listener.end_ns;
        for (const Connection* child : gone.queued) began = std::min(began, first<ResetSent>(*child)->time_ns);  // the queue goes before its socket does
        Finding f = about(id, Culprit::local_application, Certainty::likely, listener, began);
        prove(f, proofs[gone.refused.empty() && gone.died.empty() ? queue_reset : closed_then_refused]);

        std::string effects;
        if (!gone.refused.empty()) {
            const std::uint64_t until = gone.refused.back()->begin_ns;
            f.last_ns = std::max(f.last_ns, until);
            effects = fmt::format("{} refused within {}", count_text(gone.refused.size(), "connect since was", "connects since were"), since(began, until));
        }
        if (!gone.died.empty())
            effects += fmt::format("{}{} died with it", effects.empty() ? "" : ", ", count_text(gone.died.size(), "open connection", "open connections"));
        if (!gone.queued.empty())
            effects += fmt::format("{}{} that nobody had accepted {} reset", effects.empty() ? "" : ", ", count_text(gone.queued.size(), "connection", "connections"),
                                   gone.queued.size() == 1 ? "was" : "were");
        f.headline = fmt::format("{}{}: {}", cause(gone), at_place(story, listener), effects);
        if (gone.closed) f.reasons.push_back(fmt::format("{} closed with FIN at the same time", count_text(gone.closed, "open connection was", "open connections were")));
        cite(f, gone.exit);
        cite(f, last<StateChange>(listener));
        const auto take = [&](const Connection& c, const char* what) {
            add_end(f, &c);
            const Connection* other = story.other_end(c);
            add_end(f, other);
            if (f.connections.size() > most_cited) return;
            for (const Event& event : c.events)
                if (event.as<ResetSent>()) cite(f, &event);
            f.reasons.push_back(fmt::format("{} {}{}", what, c.flow.peer.text(), other && other->owner.known() ? fmt::format(" ({})", who(*other)) : ""));
        };
        for (const Connection* child : gone.died) take(*child, "died with it: the connection with");
        for (const Connection* child : gone.queued) take(*child, "reset before anybody accepted it: the connection with");
        for (const Connection* knock : gone.refused) take(*knock, "refused since:");
        f.fold_key = fmt::format("{}", listener.id);
        found.push_back(std::move(f));
    }
    return found;
}

}  // namespace

const Rule listener_gone = {
    id, "connections are refused since a process ended or closed its listening socket",
    "A process that served a port died or closed its listening socket. Since then the kernel answers every SYN to that port with RST, and the connections that were open died with the "
    "process. All of these are one cause.",
    "A listening socket that goes to CLOSE, often right after its process exited, and after it SYNs to that port that the kernel answers with RST, reason NO_SOCKET; or open "
    "connections that are reset by the exit itself, or that waited in its queue and were reset with it. The finding names the process, the signal or exit status, and counts who was refused and what died.",
    "Not a restart that nobody noticed: without a refused connect or a connection reset by the crash nothing is raised. Not a port that never had a listener in this "
    "trace: that is reset-sent.",
    "Find out why the process ended: its log, the journal (journalctl -u), dmesg for the OOM killer. Let a service manager restart it, and hand the listening socket over (socket activation, "
    "SO_REUSEPORT) where restarts must not refuse anyone.",
    find,
    proofs,
};

}  // namespace tcpwitness
