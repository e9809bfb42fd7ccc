// Listeners of children, the two ends of a session, and forgetting.
#include <algorithm>
#include <limits>
#include <unordered_set>

#include "correlate/correlator.h"
#include "correlate/lifecycle.h"

namespace tcpwitness {

namespace {

/// Both ends run on one clock; a SYN needs this long at most from one namespace to the other before we call them strangers.
constexpr std::uint64_t slack_ns = 1'000'000'000;

constexpr std::uint64_t retry_every_ns = 1'000'000'000;  // to make room where all are live

/// Lives of one tuple that are looked at, before and after.
constexpr std::ptrdiff_t most_candidates = 32;

std::uint64_t overlap(const Connection& a, const Connection& b, std::uint64_t now) {
    const std::uint64_t begin = std::max(a.begin_ns, b.begin_ns);
    const std::uint64_t end = std::min(a.live() ? now : a.end_ns, b.live() ? now : b.end_ns);
    return end + slack_ns >= begin ? end + slack_ns - begin + 1 : 0;
}

/// How well two connections fit as client and server of one session; 0 = not at all.
std::uint64_t fit(const Connection& client, const Connection& server, std::uint64_t now) {
    const auto agree = [](const auto& a, const auto& b) { return a && b && *a == *b; };
    const auto differ = [](const auto& a, const auto& b) { return a && b && *a != *b; };
    if (differ(client.local_isn, server.peer_isn)) return 0;
    // An embryonic end answers each SYN with a new ISN, so only a finished handshake may be held against it.
    if (!server.embryonic && client.has(sign::established) && differ(client.peer_isn, server.local_isn)) return 0;
    const std::uint64_t shared = overlap(client, server, now);
    if (shared == 0) return 0;
    if (agree(client.local_isn, server.peer_isn)) return std::numeric_limits<std::uint64_t>::max();
    return shared > slack_ns ? shared : 0;
}

/// Ended in good order: no finding is about it, unless about its other end.
bool clean(const Connection& c) {
    constexpr std::uint32_t trouble = sign::reset_received | sign::reset_sent | sign::error | sign::knock |
                                      sign::syn_retransmit | sign::syn_ack_retransmit;
    return !c.live() && c.ending == Ending::closed && !c.has(trouble) && !c.embryonic && !c.is_listener();
}

}  // namespace

ConnectionId Correlator::listener_of(const Connection& child) const {
    const auto at_port = listeners_.find({child.witness, child.flow.local.port});
    if (at_port == listeners_.end()) return 0;
    ConnectionId exact = 0, wildcard = 0;
    std::size_t exacts = 0, wildcards = 0;
    bool wildcard_same_family = false;
    for (const ConnectionId id : at_port->second) {
        const Connection* listener = story_.connection(id);
        if (!listener || (!listener->live() && listener->end_ns < child.begin_ns)) continue;
        if (listener->begin_ns > child.begin_ns && !listener->preexisting) continue;
        if (listener->flow.local.address == child.flow.local.address) {
            exact = id;
            ++exacts;
        } else if (listener->flow.local.address.unspecified()) {
            const bool same_family = listener->flow.local.address.family == child.flow.local.address.family;
            if (wildcards && same_family != wildcard_same_family) {  // 0.0.0.0 beside [::]: the closer one takes it
                if (!same_family) continue;
                wildcards = 0;
            }
            wildcard = id;
            wildcard_same_family = same_family;
            ++wildcards;
        }
    }
    if (exacts) return exacts == 1 ? exact : 0;
    return wildcards == 1 ? wildcard : 0;  // SO_REUSEPORT: only accept() tells which one
}

void Correlator::adopt(std::vector<Connection> rebuilt) {
    const bool alone = story_.witnesses.size() < 2;  // then there are no other ends
    if (story_.connections.empty()) story_.connections.reserve(rebuilt.size());
    for (Connection& one : rebuilt) {
        one.id = ++last_id_;
        one.adopted = true;
        if (story_.begin_ns == 0 || one.begin_ns < story_.begin_ns) story_.begin_ns = one.begin_ns;
        story_.end_ns = std::max(story_.end_ns, one.end_ns);
        story_.connections.push_back(std::move(one));
        if (alone) continue;
        Connection& adopted = story_.connections.back();
        auto& ids = ends_[adopted.flow];  // in order of time
        const auto place = std::upper_bound(ids.begin(), ids.end(), adopted.begin_ns, [&](std::uint64_t begin_ns, ConnectionId id) {
            const Connection* other = story_.connection(id);
            return other && begin_ns < other->begin_ns;
        });
        ids.insert(place, adopted.id);
        mark_changed(adopted);
    }
}

/// Where the records are missing that would tell it: by who asked whom, else by whether somebody listens there.
Role Correlator::role_by_signs(const Connection& connection) const {
    const bool asked = connection.has(sign::syn_out | sign::syn_retransmit | sign::syn_ack_in);
    const bool was_asked = connection.has(sign::syn_in | sign::syn_ack_out | sign::syn_ack_retransmit);
    if (asked != was_asked) return asked ? Role::client : Role::server;
    if (!connection.has(sign::established)) return Role::unknown;
    return listener_of(connection) ? Role::server : Role::client;
}

void Correlator::judge(Connection& connection) {
    if (connection.adopted) return;
    if (connection.role == Role::unknown && connection.flow.complete()) connection.role = role_by_signs(connection);
    if (connection.role == Role::server && connection.listener == 0 && !connection.has(sign::knock))
        connection.listener = listener_of(connection);
    connection.ending = judge_ending(connection);
}

void Correlator::join(Connection& one) {
    if (one.conversation || one.is_listener() || one.role == Role::unknown || !one.flow.complete()) return;
    const auto others = ends_.find(one.flow.reversed());
    if (others == ends_.end()) return;
    Connection* best = nullptr;
    std::uint64_t best_fit = 0;
    // A tuple may have lived many times; those that began about then stand together, in order of time.
    const auto& ids = others->second;
    const auto near = std::lower_bound(ids.begin(), ids.end(), one.begin_ns, [&](ConnectionId id, std::uint64_t begin_ns) {
        const Connection* other = story_.connection(id);
        return other && other->begin_ns < begin_ns;
    });
    const auto from = near - std::min<std::ptrdiff_t>(most_candidates, near - ids.begin());
    const auto to = near + std::min<std::ptrdiff_t>(most_candidates, ids.end() - near);
    for (auto at = from; at != to; ++at) {
        Connection* other = story_.connection(*at);
        if (!other || other->id == one.id || other->conversation || other->role == one.role || other->role == Role::unknown) continue;
        const std::uint64_t match = one.role == Role::client ? fit(one, *other, story_.end_ns) : fit(*other, one, story_.end_ns);
        if (match > best_fit) {
            best = other;
            best_fit = match;
        }
    }
    if (!best) return;
    const bool is_client = one.role == Role::client;
    story_.conversations.push_back({++last_conversation_, is_client ? one.id : best->id, is_client ? best->id : one.id});
    one.conversation = best->conversation = last_conversation_;
}

/// Clean sessions go first; that mostly suffices, and leaves to those in trouble the time that their findings need.
bool Correlator::make_room(std::uint64_t now_ns) {
    if (now_ns < retry_forgetting_at_) return false;
    forget_ended_before(0, now_ns + 1);
    if (story_.connections.size() > limits_.max_connections - limits_.max_connections / 8) forget_ended_before(now_ns + 1);
    const bool made = story_.connections.size() < limits_.max_connections;
    retry_forgetting_at_ = made ? 0 : now_ns + retry_every_ns;
    return made;
}

std::size_t Correlator::forget_ended_before(std::uint64_t time_ns, std::uint64_t clean_before_ns) {
    story();  // nothing may wait to be judged
    give_up_all_waiting(time_ns);
    story_.trim_unmatched(time_ns, limits_.max_unmatched);
    const auto over = [&](const Connection& c) {
        // A request sock's end is no event: a half-open connection is over when nothing came for so long.
        if (c.end_ns < time_ns && (!c.live() || c.embryonic)) return true;
        if (c.end_ns >= clean_before_ns || !clean(c)) return false;
        const Connection* other = story_.other_end(c);
        return !other || clean(*other);
    };
    const auto drop_id = [](auto& table, const auto& key, ConnectionId id) {
        const auto at = table.find(key);
        if (at == table.end()) return;
        std::erase(at->second, id);
        if (at->second.empty()) table.erase(at);
    };
    std::unordered_set<ConnectionId> gone;
    std::unordered_set<ConversationId> halved;
    for (const Connection& c : story_.with(sign::ended | trait::unopened)) {
        if (!over(c)) continue;
        if (c.conversation) halved.insert(c.conversation);
        if (const auto slot = flows_.find({c.witness, c.flow}); slot != flows_.end() && slot->second.current == c.id) loose_.push_back(slot->first);
        gone.insert(c.id);
        if (const auto at = cookies_.find({c.witness, c.cookie}); c.cookie && at != cookies_.end() && at->second == c.id) cookies_.erase(at);
        if (const auto at = socket_ids_.find({c.witness, c.socket_id}); at != socket_ids_.end() && at->second == c.id) socket_ids_.erase(at);
        if (c.is_listener()) drop_id(listeners_, SocketKey{c.witness, c.flow.local.port}, c.id);
        if (c.flow.complete()) drop_id(ends_, c.flow, c.id);
    }
    if (!gone.empty()) {
        story_.forgotten(gone);
        std::erase_if(story_.connections, [&](const Connection& c) { return gone.contains(c.id); });
        std::erase_if(story_.conversations, [&](const Conversation& both) {
            return halved.contains(both.id) && !story_.connection(both.client) && !story_.connection(both.server);
        });
    }
    drop_loose_slots();
    std::erase_if(story_.gaps, [&](const Event& event) { return event.time_ns < time_ns; });
    std::erase_if(story_.repeats, [&](const Event& event) { return event.time_ns < time_ns; });
    std::erase_if(story_.neighbours, [&](const Event& event) { return event.time_ns < time_ns; });
    std::erase_if(story_.process_exits, [&](const Event& event) { return event.time_ns < time_ns; });
    if (story_.connections.capacity() / 4 > story_.connections.size() + 1024) story_.connections.shrink_to_fit();
    forgotten_ += gone.size();
    return gone.size();
}

std::size_t Correlator::compact(std::uint64_t idle_since_ns) {
    std::size_t compacted = 0;
    std::erase_if(roomy_, [&](ConnectionId id) {
        Connection* c = story_.connection(id);
        if (!c) return true;
        if (c->end_ns >= idle_since_ns) return false;
        c->roomy = false;
        if (c->events.capacity() == c->events.size()) return true;
        c->events.shrink_to_fit();
        ++compacted;
        return true;
    });
    return compacted;
}

}  // namespace tcpwitness
