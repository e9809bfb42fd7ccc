// The two ends of a session whose addresses were translated between them (NAT): their tuples are no mirrors, their sequence numbers are.
#include <algorithm>
#include <map>

#include "correlate/correlator.h"

namespace tcpwitness {

namespace {

bool may_join(const Connection& c) { return !c.conversation && !c.is_listener() && (c.role == Role::client || c.role == Role::server) && c.flow.complete(); }

/// The initial sequence number of the client's SYN, as this end knows it.
const std::optional<std::uint32_t>& client_isn(const Connection& c) { return c.role == Role::client ? c.local_isn : c.peer_isn; }
const std::optional<std::uint32_t>& server_isn(const Connection& c) { return c.role == Role::client ? c.peer_isn : c.local_isn; }

std::optional<std::uint32_t> syn_timestamp(const Connection& c) {
    for (const Event& event : c.events)
        if (const Segment* segment = event.as<Segment>(); segment && segment->syn() && segment->outgoing == (c.role == Role::client))
            return segment->has_timestamps ? std::optional(segment->tsval) : std::nullopt;
    return std::nullopt;
}

/// A device rewrites one end's address, or the other's, or both; rarely all of it.
bool something_in_common(const Flow& client, const Flow& server) {
    return client.local == server.peer || client.peer == server.local || client.peer.port == server.local.port || client.local.port == server.peer.port;
}

bool fits(const Connection& client, const Connection& server) {
    if (client.witness == server.witness || client.flow.reversed() == server.flow || !something_in_common(client.flow, server.flow)) return false;
    const auto &theirs = server_isn(client), &own = server_isn(server);
    if (theirs && own && *theirs != *own && !server.embryonic) return false;
    const auto sent = syn_timestamp(client), got = syn_timestamp(server);
    if (sent && got && *sent != *got) {  // the first SYN seen there may be a later copy
        const auto same = [&](const Event& event) {
            const Segment* segment = event.as<Segment>();
            return segment && segment->syn() && segment->has_timestamps && segment->tsval == *got;
        };
        if (std::none_of(client.events.begin(), client.events.end(), same)) return false;
    }
    return true;
}

}  // namespace

void Correlator::join_translated() {
    std::map<std::uint32_t, std::vector<ConnectionId>> servers;
    for (const Connection& c : story_.connections)
        if (may_join(c) && c.role == Role::server && client_isn(c)) servers[*client_isn(c)].push_back(c.id);
    for (Connection& client : story_.connections) {
        if (!may_join(client) || client.role != Role::client || !client_isn(client)) continue;
        const auto at = servers.find(*client_isn(client));
        if (at == servers.end()) continue;
        Connection* only = nullptr;
        std::size_t fitting = 0;
        for (const ConnectionId id : at->second) {
            Connection* server = story_.connection(id);
            if (!server || server->conversation || !fits(client, *server)) continue;
            only = server;
            ++fitting;
        }
        if (fitting != 1) continue;  // one number, several sessions: chance
        story_.conversations.push_back({++last_conversation_, client.id, only->id, true});
        client.conversation = only->conversation = last_conversation_;
    }
}

}  // namespace tcpwitness
