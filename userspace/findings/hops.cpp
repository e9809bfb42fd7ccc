#include "findings/hops.h"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "base/text.h"
#include "findings/facts.h"

namespace tcpwitness {

namespace {

constexpr std::uint64_t at_once_ns = 1'000'000'000;  ///< from the upstream's failure to what the client is told of it

using Process = std::pair<WitnessId, std::uint32_t>;

bool of_an_end(const Finding& f) {
    for (const char* rule : {"reset-sent", "reset-received", "server-silent", "unexplained"})
        if (f.rule == rule) return true;
    return false;
}

bool upstream_failed(const Finding& f) {
    for (const char* rule : {"connect-refused", "connect-timeout", "server-silent", "reset-received", "reset-sent", "retransmission-timeout", "host-unreachable", "no-route", "local-drop", "listener-gone",
                             "hung-service", "reset-forged"})
        if (f.rule == rule) return true;
    return false;
}

const Connection* with_role(const Story& story, const Finding& f, Role role) {
    for (const ConnectionId id : f.connections)
        if (const Connection* c = story.connection(id); c && c->role == role && c->owner.known()) return c;
    return nullptr;
}

bool connect_failed(const Finding& f) {
    for (const char* rule : {"connect-refused", "connect-timeout", "host-unreachable", "no-route", "local-drop", "connect-denied"})
        if (f.rule == rule) return true;
    return false;
}

/// A client that talks to a server over one connection and cannot open a second one to it waits on both (FTP's data, SIP's media, a second channel): the silence
/// on the first is its own.
const Connection* waits_beside(const Story& story, const Finding& silent, const Finding& failed) {
    const Connection* first = with_role(story, silent, Role::client);
    const Connection* second = with_role(story, failed, Role::client);
    if (!first || !second || first == second || second->has(sign::established) || first->witness != second->witness || first->owner.pid != second->owner.pid) return nullptr;
    if (first->flow.peer.address != second->flow.peer.address || first->flow.peer.port == second->flow.peer.port) return nullptr;
    const bool within = second->begin_ns >= first->begin_ns && (first->live() || second->begin_ns <= first->end_ns);
    const bool to_its_end = silent.last_ns <= failed.last_ns + at_once_ns || (second->live() && failed.last_ns <= silent.last_ns);
    return within && to_its_end ? second : nullptr;
}

/// The clients of one process, by when they came and when they had gone.
struct Served {
    std::vector<std::uint64_t> begins, ends;

    void add(const Connection& c) {
        begins.push_back(c.begin_ns);
        if (!c.live()) ends.push_back(c.end_ns);
    }
    void sort() {
        std::sort(begins.begin(), begins.end());
        std::sort(ends.begin(), ends.end());
    }
    /// The process had only this client at that time: what it asked its upstream, it asked for it.
    bool only(const Connection& one, std::uint64_t time_ns) const {
        const auto came = std::upper_bound(begins.begin(), begins.end(), time_ns) - begins.begin();
        const auto went = std::lower_bound(ends.begin(), ends.end(), time_ns) - ends.begin();
        return came - went == (one.begin_ns <= time_ns && (one.live() || one.end_ns >= time_ns));
    }
};

/// Who holds the connection: who accepted it, and whoever closed or reset it, as the child does that a server forks for each client.
std::set<std::uint32_t> holders(const Connection& c) {
    std::set<std::uint32_t> pids;
    if (c.owner.known()) pids.insert(c.owner.pid);
    for (const Event& event : c.events) {
        const ResetSent* reset = event.as<ResetSent>();
        const StateChange* change = event.as<StateChange>();
        if (reset && reset->task.known() && reset->by == ResetSent::By::close) pids.insert(reset->task.pid);
        if (change && change->pid && (change->to == TcpState::fin_wait1 || change->to == TcpState::last_ack)) pids.insert(change->pid);
    }
    return pids;
}

void add_effect(Finding& cause, const Finding& effect, const Story& story, const Connection& client) {
    cause.headline += fmt::format("; so {}'s client {} {}", printable(client.owner.comm), client.flow.peer.text(), effect.rule == "server-silent" ? "got no answer" : "was reset");
    cause.reasons.push_back(fmt::format("its effect one hop before ({}): {}", effect.rule, effect.headline));
    cause.evidence.insert(cause.evidence.end(), effect.evidence.begin(), effect.evidence.end());
    cause.last_ns = std::max(cause.last_ns, effect.last_ns);
    for (const ConnectionId id : effect.connections) add_end(cause, story.connection(id));
}

void drop_joined(std::vector<Finding>& standing, const std::vector<bool>& joined) {
    std::size_t kept = 0;
    for (std::size_t i = 0; i < standing.size(); ++i)
        if (!joined[i]) {
            if (kept != i) standing[kept] = std::move(standing[i]);
            ++kept;
        }
    standing.resize(kept);
}

}  // namespace

void join_hops(const Story& story, std::vector<Finding>& standing) {
    std::multimap<Process, std::pair<std::size_t, const Connection*>> upstreams;
    for (std::size_t i = 0; i < standing.size(); ++i)
        if (!standing[i].benign && !standing[i].state && upstream_failed(standing[i]))
            if (const Connection* c = with_role(story, standing[i], Role::client)) upstreams.emplace(Process{c->witness, c->owner.pid}, std::pair{i, c});
    if (upstreams.empty()) return;
    std::map<Process, Served> served;  // by those that have an effect to explain, too
    for (const Finding& effect : standing) {
        if (effect.benign || effect.state || !of_an_end(effect)) continue;
        const Connection* client = with_role(story, effect, Role::server);
        if (!client) continue;
        for (const std::uint32_t pid : holders(*client)) {
            if (!upstreams.contains({client->witness, pid})) continue;
            const auto [at, fresh] = served.try_emplace({client->witness, pid});
            if (fresh)
                for (const Connection* c : story.served_by(client->witness, pid)) at->second.add(*c);
            if (pid != client->owner.pid) at->second.add(*client);  // its parent accepted it
        }
    }
    if (served.empty()) return;
    for (auto& [process, clients] : served) clients.sort();

    std::vector<bool> joined(standing.size());
    for (std::size_t i = 0; i < standing.size(); ++i) {
        Finding& effect = standing[i];
        if (effect.benign || effect.state || !of_an_end(effect)) continue;
        const Connection* client = with_role(story, effect, Role::server);
        if (!client) continue;
        for (const std::uint32_t pid : holders(*client)) {
            const Process proxy{client->witness, pid};
            for (auto [at, end] = upstreams.equal_range(proxy); at != end && !joined[i]; ++at) {
                const std::size_t place = at->second.first;
                Finding& cause = standing[place];
                const bool in_time = cause.first_ns >= client->begin_ns && cause.first_ns <= effect.last_ns && (cause.last_ns >= effect.last_ns || effect.last_ns - cause.last_ns <= at_once_ns);
                if (place == i || joined[place] || !in_time || !served[proxy].only(*client, cause.first_ns)) continue;
                add_effect(cause, effect, story, *client);
                joined[i] = true;
            }
            if (joined[i]) break;
        }
    }
    drop_joined(standing, joined);
}

void join_beside(const Story& story, std::vector<Finding>& standing) {
    std::vector<bool> joined(standing.size());
    for (std::size_t i = 0; i < standing.size(); ++i) {
        Finding& silent = standing[i];
        if (silent.benign || silent.rule != "server-silent") continue;
        for (std::size_t k = 0; k < standing.size(); ++k) {
            Finding& failed = standing[k];
            if (k == i || joined[k] || failed.benign || failed.state || !connect_failed(failed) || !waits_beside(story, silent, failed)) continue;
            failed.reasons.push_back(fmt::format("meanwhile the same process waited on its other connection to that host ({}): {}", silent.rule, silent.headline));
            failed.evidence.insert(failed.evidence.end(), silent.evidence.begin(), silent.evidence.end());
            for (const ConnectionId id : silent.connections) add_end(failed, story.connection(id));
            joined[i] = true;
            break;
        }
    }
    drop_joined(standing, joined);
}

}  // namespace tcpwitness
