// How packets, which carry no socket, find their connection.
#include <algorithm>
#include <utility>

#include "correlate/correlator.h"
#include "correlate/lifecycle.h"

namespace tcpwitness {

namespace {

constexpr std::size_t max_waiting_per_flow = 64;

/// Place of the first packet of the last handshake that `syns` begin: its first SYN with the last ISN.
std::size_t start_of_last_handshake(const std::vector<Event>& packets, bool outgoing) {
    std::optional<std::uint32_t> isn;
    std::size_t start = 0;
    for (std::size_t i = 0; i < packets.size(); ++i) {
        const Segment* segment = packets[i].as<Segment>();
        if (!segment || !segment->syn() || segment->outgoing != outgoing || isn == segment->seq) continue;
        isn = segment->seq;
        start = i;
    }
    return start;
}

}  // namespace

FlowSlot& Correlator::slot_of(WitnessId witness, const Flow& flow) {
    const auto [at, fresh] = flows_.try_emplace({witness, flow});
    if (fresh) loose_.push_back(at->first);
    return at->second;
}

/// Those that nothing waits in and that no connection has.
void Correlator::drop_loose_slots() {
    std::erase_if(loose_, [&](const FlowKey& key) {
        const auto at = flows_.find(key);
        if (at == flows_.end()) return true;
        if (!at->second.waiting.empty()) return false;
        if (!story_.connection(at->second.current)) flows_.erase(at);
        return true;
    });
}

void Correlator::forget_claimed_slots() {
    std::erase_if(loose_, [&](const FlowKey& key) {
        const auto at = flows_.find(key);
        return at == flows_.end() || (at->second.waiting.empty() && at->second.current);
    });
    most_loose_ = 1024 + 2 * loose_.size();
}

void Correlator::add_packet(Event event) {
    const Segment& segment = *event.as<Segment>();
    FlowSlot& slot = slot_of(event.witness, event.flow);
    if (transit_.forwarded(event)) {
        slot.transit = true;
        give_up_waiting(slot, slot.waiting.size());
        FlowSlot& other = slot_of(event.witness, event.flow.reversed());
        other.transit = true;
        give_up_waiting(other, other.waiting.size());
    } else if (segment.syn() && !segment.outgoing) {
        slot.transit = false;
    }
    if (slot.transit) {
        story_.add_unmatched(std::move(event));
        return;
    }
    Connection* connection = story_.connection(slot.current);
    if (connection && belongs(*connection, segment, slot)) return add_to(*connection, std::move(event));
    if (segment.syn_ack() && segment.outgoing)
        if (Connection* half_open = start_embryonic(event, slot)) return add_to(*half_open, std::move(event));
    wait(slot_of(event.witness, event.flow), std::move(event));  // looked up again: making room may have dropped the slot
}

/// An ICMP error about a segment that waits: the SYN of a connect() whose port is not known yet. False: none does.
bool Correlator::wait_with_packets(Event& event) {
    const Icmp* icmp = event.as<Icmp>();
    if (!icmp || icmp->outgoing || !event.flow.complete()) return false;
    const auto slot = flows_.find({event.witness, event.flow});
    if (slot == flows_.end() || slot->second.waiting.empty() || slot->second.transit) return false;
    wait(slot->second, std::move(event));
    return true;
}

bool Correlator::belongs(const Connection& c, const Segment& segment, const FlowSlot& slot) const {
    if (segment.syn()) {
        const auto& isn = segment.outgoing ? c.local_isn : c.peer_isn;
        if (isn) return *isn == segment.seq || (c.live() && !c.embryonic && !segment.outgoing);
        return c.live() && !c.has(sign::established);
    }
    if (segment.syn_ack()) {
        const auto& answered = segment.outgoing ? c.peer_isn : c.local_isn;
        if (answered && *answered + 1 == segment.ack) return true;
        return c.live() && (!segment.outgoing || !answered);
    }
    return c.live() || slot.waiting.empty();
}

Connection* Correlator::start_embryonic(const Event& event, FlowSlot& slot) {
    if (!event.flow.complete()) return nullptr;
    if (Connection* before = story_.connection(slot.current); before && before->embryonic && before->live()) {
        before->signs |= sign::ended;  // the same client began anew
        mark_changed(*before);
    }
    Connection* fresh = create(event);
    if (!fresh) return nullptr;
    fresh->embryonic = true;
    fresh->role = Role::server;
    fresh->state = TcpState::new_syn_recv;
    learn_flow(*fresh, event.flow);
    register_flow(*fresh);
    return fresh;
}

/// A SYN that nobody listened for: it shows who knocked on a closed port.
Connection* Correlator::start_knock(const Event& event) {
    Connection* knock = start_embryonic(event, slot_of(event.witness, event.flow));
    if (!knock) return nullptr;
    knock->state = TcpState::close;
    return knock;
}

void Correlator::register_flow(Connection& connection) {
    FlowSlot& slot = flows_[{connection.witness, connection.flow}];
    slot.current = connection.id;
    slot.transit = false;
    ends_[connection.flow].push_back(connection.id);
    claim_waiting(connection, slot);
}

void Correlator::claim_waiting(Connection& connection, FlowSlot& slot) {
    if (slot.waiting.empty()) return;
    std::size_t start = 0;
    const bool saw_birth = connection.has(sign::syn_sent | sign::connect_called) && !connection.preexisting;
    if (saw_birth)
        while (start < slot.waiting.size() && slot.waiting[start].time_ns < connection.begin_ns) ++start;
    start = std::max(start, start_of_last_handshake(slot.waiting, connection.role != Role::server));
    give_up_waiting(slot, start);
    std::vector<Event> packets = std::move(slot.waiting);
    slot.waiting.clear();
    waiting_ -= packets.size();
    for (Event& packet : packets) add_to(connection, std::move(packet));
}

void Correlator::wait(FlowSlot& slot, Event event) {
    if (slot.waiting.size() >= max_waiting_per_flow) give_up_waiting(slot, max_waiting_per_flow / 2);
    if (waiting_ >= limits_.max_unmatched) {
        give_up_all_waiting(~std::uint64_t{0});
        story_.trim_unmatched(0, limits_.max_unmatched);
    }
    if (slot.waiting.empty()) loose_.push_back({event.witness, event.flow});
    slot.waiting.push_back(std::move(event));
    ++waiting_;
}

void Correlator::give_up_waiting(FlowSlot& slot, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) story_.add_unmatched(std::move(slot.waiting[i]));
    slot.waiting.erase(slot.waiting.begin(), slot.waiting.begin() + static_cast<std::ptrdiff_t>(count));
    waiting_ -= count;
}

void Correlator::give_up_all_waiting(std::uint64_t before_ns) {
    std::vector<Event> given_up;
    for (const FlowKey& key : loose_) {
        const auto at = flows_.find(key);
        if (at == flows_.end()) continue;
        FlowSlot& slot = at->second;
        auto keep = slot.waiting.begin();
        while (keep != slot.waiting.end() && keep->time_ns < before_ns) ++keep;
        std::move(slot.waiting.begin(), keep, std::back_inserter(given_up));
        slot.waiting.erase(slot.waiting.begin(), keep);
    }
    waiting_ -= given_up.size();
    std::sort(given_up.begin(), given_up.end(), [](const Event& a, const Event& b) { return std::pair(a.time_ns, a.id) < std::pair(b.time_ns, b.id); });
    for (Event& event : given_up) story_.add_unmatched(std::move(event));
}

}  // namespace tcpwitness
