#include "findings/several_points.h"

#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "findings/facts.h"
#include "findings/packets_alone.h"

namespace tcpwitness {

namespace {

using Session = std::tuple<std::string, Flow, std::uint32_t>;  ///< and the rule

/// By the number that its client chose; nothing where that was not captured.
std::optional<Session> session_of(const Story& story, const Finding& f) {
    if (f.state || f.connections.empty()) return std::nullopt;
    const Connection* c = story.connection(f.connections.front());
    if (!c || !by_packets(*c) || !c->local_isn || c->role != Role::client) return std::nullopt;
    return Session{f.benign ? f.benign : f.rule, c->flow, *c->local_isn};
}

}  // namespace

void join_points(const Story& story, std::vector<Finding>& standing) {
    if (story.witnesses.size() < 2) return;
    std::map<Session, std::size_t> seen;
    std::set<std::size_t> joined;
    for (std::size_t i = 0; i < standing.size(); ++i) {
        const auto session = session_of(story, standing[i]);
        if (!session) continue;
        const auto [before, fresh] = seen.emplace(*session, i);
        if (fresh) continue;
        const Connection& here = *story.connection(standing[i].connections.front());
        if (here.witness == story.connection(standing[before->second].connections.front())->witness) continue;
        const bool surer = standing[i].certainty > standing[before->second].certainty;
        const std::size_t gone = surer ? std::exchange(before->second, i) : i;
        Finding& told = standing[before->second];
        const Finding& also = standing[gone];
        for (const ConnectionId id : also.connections) told.connections.push_back(id);
        told.evidence.insert(told.evidence.end(), also.evidence.begin(), also.evidence.end());
        told.reasons.push_back(fmt::format("the same session was captured at another point of its path, and shows the same there (#{})", also.connections.front()));
        joined.insert(gone);
    }
    std::size_t at = 0;
    std::erase_if(standing, [&](const Finding&) { return joined.contains(at++); });
}

}  // namespace tcpwitness
