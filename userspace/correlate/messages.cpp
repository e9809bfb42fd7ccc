// How messages of an application's log, which know no socket, find the connection that they travelled on.
#include <algorithm>
#include <map>

#include "correlate/correlator.h"

namespace tcpwitness {

namespace {

/// The log's time is when the application wrote the line: a little before the socket was made, or after it went.
constexpr std::uint64_t slack_ns = 1'000'000'000;

using ByPeer = std::map<Endpoint, std::vector<const Connection*>>;  ///< a peer that is known by name only: by its port, without an address

bool lives_at(const Connection& c, std::uint64_t time_ns) {
    return c.begin_ns <= time_ns + slack_ns && (c.live() || c.end_ns + slack_ns >= time_ns);
}

/// The connection that began last of those that were there; none where the peer is known by its port alone and several hosts have it.
const Connection* best(const std::vector<const Connection*>& candidates, const Event& event) {
    const Connection* found = nullptr;
    const auto better = [&](const Connection& one) {
        const bool own = one.witness == event.witness;
        if (found && own != (found->witness == event.witness)) return own;
        return !found || one.begin_ns >= found->begin_ns;
    };
    for (const Connection* one : candidates) {
        if (!lives_at(*one, event.time_ns)) continue;
        if (event.flow.local.port && one->flow.local.port != event.flow.local.port) continue;
        if (!event.flow.local.address.unspecified() && one->flow.local.address != event.flow.local.address) continue;
        if (found && event.flow.peer.address.unspecified() && found->flow.peer.address != one->flow.peer.address) return nullptr;
        if (better(*one)) found = one;
    }
    return found;
}

}  // namespace

/// A log holds no sockets of its own: where its own witness has no such connection, another's is meant.
void Correlator::place_messages() {
    if (messages_.empty()) return;
    ByPeer by_peer;
    for (const Connection& c : story_.connections) {
        if (c.is_listener() || c.embryonic || !c.flow.peer.port) continue;
        by_peer[c.flow.peer].push_back(&c);
        by_peer[{{}, c.flow.peer.port}].push_back(&c);
    }
    for (Event& event : messages_) {
        const auto candidates = by_peer.find(event.flow.peer);
        const Connection* found = candidates == by_peer.end() ? nullptr : best(candidates->second, event);
        if (!found) {
            story_.add_unmatched(std::move(event));
            continue;
        }
        event.witness = found->witness;
        add_to(*story_.connection(found->id), std::move(event));
    }
    messages_.clear();
}

}  // namespace tcpwitness
