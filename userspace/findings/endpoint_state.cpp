// endpoint-down and endpoint-up: how a destination stands, whatever the reason.
#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "base/text.h"
#include "findings/connect_given_up.h"
#include "findings/every_rule.h"
#include "findings/facts.h"

namespace tcpwitness {

namespace {

constexpr std::size_t enough = 5;

struct Attempt {
    const Connection* connection;
    bool failed;
    std::uint64_t over_ns;  ///< when its outcome was known
};

/// Attempts that failed one after the other, and the one that came through after them.
struct Outage {
    const Connection* before = nullptr;  ///< the last one that had come through
    std::vector<Attempt> failures;
    std::optional<Attempt> success;
};

constexpr Proof proofs[] = {{"every connect in that time was recorded, with what became of it", socket_silence}};

/// What happened on this host before any packet says nothing about the destination.
bool local_failure(std::int32_t error) { return error == EADDRNOTAVAIL || error == EADDRINUSE || error == EACCES || error == EPERM || error == EINVAL; }

std::optional<Attempt> attempt_of(const Story& story, const Connection& c) {
    if (c.role != Role::client || c.preexisting || !c.has(sign::syn_sent | sign::connect_called)) return std::nullopt;
    if (c.established_ns) return Attempt{&c, false, *c.established_ns};
    if (const auto given_up = given_up_connect(story, c); given_up && !given_up->pending) return Attempt{&c, true, given_up->end_ns};
    const bool failed = c.ending == Ending::refused || c.ending == Ending::connect_timeout || c.ending == Ending::connect_failed;
    if (!failed || local_failure(c.error)) return std::nullopt;
    return Attempt{&c, true, c.end_ns};
}

std::map<std::pair<WitnessId, Endpoint>, std::vector<Outage>> outages(const Story& story) {
    // Destinations that fail are few: only their successes are looked for.
    std::map<std::pair<WitnessId, Endpoint>, std::vector<Attempt>> attempts;
    for (const Connection& c : story.with(trait::unopened | trait::failed))
        if (const auto attempt = attempt_of(story, c); attempt && attempt->failed) attempts[{c.witness, c.flow.peer}].push_back(*attempt);
    std::erase_if(attempts, [](const auto& entry) { return entry.second.size() < enough; });
    if (attempts.empty()) return {};
    for (auto& [destination, tries] : attempts)
        for (const Connection* c : story.with_peer(destination.first, destination.second.address))
            if (c->flow.peer.port == destination.second.port)
                if (const auto attempt = attempt_of(story, *c); attempt && !attempt->failed) tries.push_back(*attempt);
    std::map<std::pair<WitnessId, Endpoint>, std::vector<Outage>> all;
    for (auto& [destination, tries] : attempts) {
        std::sort(tries.begin(), tries.end(), [](const Attempt& a, const Attempt& b) { return a.over_ns < b.over_ns; });
        Outage current;
        const auto finish = [&] {
            if (current.failures.size() >= enough) all[destination].push_back(current);
            current = {current.success ? current.success->connection : nullptr, {}, {}};
        };
        for (const Attempt& one : tries) {
            if (one.failed) {
                current.failures.push_back(one);
                continue;
            }
            current.success = one;
            finish();
        }
        finish();
    }
    return all;
}

std::string how_text(const Outage& outage) {
    std::map<std::string, std::size_t> kinds;
    for (const Attempt& one : outage.failures) ++kinds[one.connection->error ? errno_name(one.connection->error) : std::string(one.connection->has(sign::reset_received | sign::rst_in) ? "RST" : "the application's own time limit")];
    std::string text;
    for (const auto& [kind, count] : kinds) text += fmt::format("{}{} with {}", text.empty() ? "" : ", ", count, kind);
    return text;
}

Finding tell(const char* rule, const Story& story, const Endpoint& destination, const Outage& outage, const std::string& state, std::uint64_t last_ns) {
    const Attempt& first_failure = outage.failures.front();
    Finding f = about(rule, Culprit::unknown, Certainty::likely, *first_failure.connection, last_ns);
    prove(f, proofs[0]);
    f.first_ns = first_failure.over_ns;
    f.state = true;
    f.harm = Harm::none;
    f.headline = fmt::format("{}{} {}", destination.text(), story.witnesses.size() < 2 ? "" : fmt::format(", seen from {},", place(story, first_failure.connection->witness)), state);
    f.reasons.push_back(fmt::format("{} connects in a row failed over {}: {}", outage.failures.size(), since(first_failure.over_ns, outage.failures.back().over_ns), how_text(outage)));
    for (const Attempt& one : outage.failures) {
        if (one.connection->id != f.connections.back()) f.connections.push_back(one.connection->id);  // there may be very many
        cite(f, last<SocketError>(*one.connection));
        cite(f, failed_connect(*one.connection));
    }
    f.fold_key = fmt::format("{}/{}/{}", first_failure.connection->witness, destination.text(), outage.before ? outage.before->id : 0);
    // what would have come through in between, and after a destination that is down
    const std::uint64_t until_ns = outage.success ? last_ns : story.recording_of(first_failure.connection->witness).end_ns;
    lean_on(f, first_failure.connection->witness, Evidence::sockets, until_ns);
    return f;
}

std::vector<Finding> find_down(const Story& story) {
    std::vector<Finding> found;
    for (const auto& [destination, all] : outages(story))
        for (const Outage& outage : all) {
            if (outage.success) continue;
            // How many is a reason only: the headline stays the same while it lasts.
            found.push_back(tell("endpoint-down", story, destination.second, outage, "is down: five connects in a row or more failed, and none came through since",
                                 outage.failures.back().over_ns));
        }
    return found;
}

std::vector<Finding> find_up(const Story& story) {
    std::vector<Finding> found;
    for (const auto& [destination, all] : outages(story))
        for (const Outage& outage : all) {
            if (!outage.success) continue;
            const std::uint64_t from = outage.failures.front().over_ns, to = outage.success->over_ns;
            Finding f = tell("endpoint-up", story, destination.second, outage,
                             fmt::format("is up again after {}: {} connects in a row had failed", since(from, to), outage.failures.size()), to);
            add_end(f, outage.success->connection);
            found.push_back(std::move(f));
        }
    return found;
}

constexpr const char* not_this =
    "Not a verdict: who is to blame stands in the findings about the single connections (connect-refused, connect-timeout, listener-gone); culprit and certainty are taken from the one that most of them belong to. Four failures and a success are no outage. Connects that failed on "
    "this host before any packet left (no free port, no permission) say nothing about the destination and are not counted.";

}  // namespace

const Rule endpoint_down = {
    "endpoint-down", "a destination is down: five connects in a row failed, and none came through since",
    "From where this host stands, nothing can connect to that address and port any more. This is the state of the destination, whatever the reason.",
    "Per destination address and port, in each network namespace: five connect() in a row that were refused, timed out or found no way, and no later one that succeeded. The finding tells how many, how they failed, and since when.",
    not_this,
    "Read the findings about the single connections: they tell why. When a later connect comes through, `endpoint-up` says how long it was down.",
    find_down,
    proofs,
};

const Rule endpoint_up = {
    "endpoint-up", "a destination that was down is up again",
    "Five connects in a row or more had failed, and then one came through: the destination was down for that long, as far as connects tell.",
    "As endpoint-down, and then a connect() to the same address and port that succeeded. The time runs from the first failure to that success; the destination may have gone down earlier and come back earlier, between two attempts.",
    not_this,
    "Compare the time with restarts, deployments and failovers of that service. The findings about the single connections tell why they failed.",
    find_up,
    proofs,
};

}  // namespace tcpwitness
