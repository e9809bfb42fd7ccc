#include "correlate/story.h"

#include <algorithm>

namespace tcpwitness {

namespace {

/// Ids ascend, so one can stand no farther from either end than its id is from the ids there: where little was forgotten on one side, that is the place.
template <typename Items>
auto* find_by_id(Items& items, std::uint32_t id) {
    using Item = std::remove_reference_t<decltype(items.front())>;
    if (items.empty() || id < items.front().id || id > items.back().id) return static_cast<Item*>(nullptr);
    const std::size_t before = id - items.front().id, after = items.back().id - id, last = items.size() - 1;
    const auto from = items.begin() + static_cast<std::ptrdiff_t>(last > after ? last - after : 0), to = items.begin() + static_cast<std::ptrdiff_t>(std::min(before, last)) + 1;
    const auto at = std::lower_bound(from, to, id, [](const auto& item, std::uint32_t wanted) { return item.id < wanted; });
    return at != to && at->id == id ? &*at : nullptr;
}

Flow without_direction(const Flow& flow) { return flow.local < flow.peer ? flow : flow.reversed(); }

}  // namespace

const char* name(Role role) {
    switch (role) {
        case Role::client: return "client";
        case Role::server: return "server";
        case Role::listener: return "listener";
        case Role::unknown: break;
    }
    return "unknown";
}

const char* name(Ending ending) {
    switch (ending) {
        case Ending::open: return "open";
        case Ending::closed: return "closed";
        case Ending::refused: return "refused";
        case Ending::connect_timeout: return "connect-timeout";
        case Ending::connect_failed: return "connect-failed";
        case Ending::reset_received: return "reset-received";
        case Ending::reset_sent: return "reset-sent";
        case Ending::timed_out: return "timed-out";
        case Ending::handshake_expired: return "handshake-expired";
        case Ending::handshake_reset: return "handshake-reset";
        case Ending::unknown: break;
    }
    return "unknown";
}

const char* name(OnWire what) {
    switch (what) {
        case OnWire::syn_sent: return "SYN sent";
        case OnWire::syn_received: return "SYN received";
        case OnWire::syn_ack_sent: return "SYN-ACK sent";
        case OnWire::syn_ack_received: return "SYN-ACK received";
        case OnWire::sent_again: return "sent again";
        case OnWire::fin_sent: return "FIN sent";
        case OnWire::fin_received: return "FIN received";
        case OnWire::reset_sent: return "RST sent";
        case OnWire::reset_received: return "RST received";
    }
    return "unknown";
}

const Connection* Story::connection(ConnectionId id) const { return find_by_id(connections, id); }
Connection* Story::connection(ConnectionId id) { return find_by_id(connections, id); }
const Conversation* Story::conversation(ConversationId id) const { return find_by_id(conversations, id); }

const Connection* Story::other_end(const Connection& one) const {
    const Conversation* both = conversation(one.conversation);
    if (!both) return nullptr;
    return connection(both->client == one.id ? both->server : both->client);
}

template <typename Fits>
std::vector<const Connection*> Story::looked_up(By by, std::uint64_t key, Fits fits) const {
    std::vector<const Connection*> found;
    for (const ConnectionId id : index_.under(*this, by, key))
        if (const Connection* c = connection(id); c && fits(*c)) found.push_back(c);
    return found;
}

std::vector<const Connection*> Story::with_flow(const Flow& flow) const {
    return looked_up(By::flow, FlowHash{}(flow), [&](const Connection& c) { return c.flow == flow; });
}
std::vector<const Connection*> Story::with_peer(WitnessId witness, const Address& address) const {
    return looked_up(By::peer_address, key_of(witness, address), [&](const Connection& c) { return c.witness == witness && c.flow.peer.address == address; });
}
std::vector<const Connection*> Story::at_port(WitnessId witness, std::uint16_t port) const {
    return looked_up(By::local_port, key_of(witness, port), [&](const Connection& c) { return c.witness == witness && c.flow.local.port == port; });
}
std::vector<const Connection*> Story::come_to(const Connection& listener) const {
    return looked_up(By::listener, listener.id, [&](const Connection& c) { return c.listener == listener.id; });
}
std::vector<const Connection*> Story::served_by(WitnessId witness, std::uint32_t pid) const {
    return looked_up(By::process, key_of(witness, pid), [&](const Connection& c) { return c.witness == witness && c.owner.pid == pid && c.role == Role::server; });
}
std::vector<const Connection*> Story::called_by(WitnessId witness, std::uint32_t pid, std::uint16_t port, Address::Family family) const {
    return looked_up(By::process, key_of(witness, pid, port, family), [&](const Connection& c) {
        return c.witness == witness && c.owner.pid == pid && c.role == Role::client && c.flow.peer.port == port && c.flow.peer.address.family == family;
    });
}

std::vector<const Event*> Story::unmatched_packets(const Flow& flow) const {
    std::vector<const Event*> packets = unmatched_events(flow);
    std::erase_if(packets, [](const Event* event) { return !event->as<Segment>(); });
    return packets;
}

std::vector<const Event*> Story::unmatched_events(const Flow& flow) const {
    std::vector<std::size_t> places;
    const auto [first, last] = unmatched_by_flow_.equal_range(without_direction(flow));
    for (auto at = first; at != last; ++at)
        if (at->second >= unmatched_trimmed_) places.push_back(at->second);
    std::sort(places.begin(), places.end());
    std::vector<const Event*> events;
    for (const std::size_t place : places) events.push_back(&unmatched[place - unmatched_trimmed_]);
    std::stable_sort(events.begin(), events.end(), [](const Event* a, const Event* b) { return a->time_ns < b->time_ns; });
    return events;
}

std::vector<const Event*> Story::unmatched_syns(std::uint32_t seq) const {
    std::vector<const Event*> events;
    const auto [first, last] = unmatched_syns_.equal_range(seq);
    for (auto at = first; at != last; ++at)
        if (at->second >= unmatched_trimmed_) events.push_back(&unmatched[at->second - unmatched_trimmed_]);
    std::stable_sort(events.begin(), events.end(), [](const Event* a, const Event* b) { return a->time_ns < b->time_ns; });
    return events;
}

void Story::add_unmatched(Event event) {
    const ResetSent* reset = event.as<ResetSent>();
    if (event.as<Segment>() || event.as<Drop>() || event.as<Icmp>() || (reset && reset->firewall_hook))
        unmatched_by_flow_.emplace(without_direction(event.flow), unmatched_trimmed_ + unmatched.size());
    if (const Segment* segment = event.as<Segment>(); segment && segment->syn() && (recordings.size() > 1 || witnesses.size() > 1))
        unmatched_syns_.emplace(segment->seq, unmatched_trimmed_ + unmatched.size());
    unmatched.push_back(std::move(event));
}

void Story::trim_unmatched(std::uint64_t time_ns, std::size_t keep) {
    std::size_t drop = unmatched.size() > keep ? unmatched.size() - keep : 0;
    while (drop < unmatched.size() && unmatched[drop].time_ns < time_ns) ++drop;
    if (drop == 0) return;
    unmatched.erase(unmatched.begin(), unmatched.begin() + static_cast<std::ptrdiff_t>(drop));
    unmatched_trimmed_ += drop;
    std::erase_if(unmatched_by_flow_, [&](const auto& entry) { return entry.second < unmatched_trimmed_; });
    std::erase_if(unmatched_syns_, [&](const auto& entry) { return entry.second < unmatched_trimmed_; });
}

void Story::keep_only(std::uint64_t from_ns, std::uint64_t to_ns) {
    const auto outside = [&](const Event& event) { return event.time_ns < from_ns || event.time_ns > to_ns; };
    for (Connection& connection : connections) std::erase_if(connection.events, outside);
    for (auto* events : {&process_exits, &neighbours}) std::erase_if(*events, outside);
    std::erase_if(gaps, [&](const Event& event) {
        const Gap* gap = event.as<Gap>();
        return gap ? gap->to_ns < from_ns || gap->from_ns > to_ns : outside(event);
    });
    std::erase_if(repeats, [&](const Event& event) {
        const Repeats* counted = event.as<Repeats>();
        return counted ? counted->to_ns < from_ns || counted->from_ns > to_ns : outside(event);
    });
    std::vector<Event> all;
    all.swap(unmatched);
    unmatched_by_flow_.clear();
    unmatched_syns_.clear();
    unmatched_trimmed_ = 0;
    for (Event& event : all)
        if (!outside(event)) add_unmatched(std::move(event));
}

}  // namespace tcpwitness
