#include "case/shared_packets.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "case/crossings.h"
#include "correlate/flow_table.h"

namespace tcpwitness {

namespace {

/// A probe and a packet socket take their times at different places of the stack, and the capture's clock may be read late.
constexpr std::uint64_t apart_ns = 50'000'000;

struct PacketKey {
    FlowKey flow;
    SegmentKey segment;
    bool outgoing = false;
    bool operator==(const PacketKey&) const = default;
};
struct PacketKeyHash {
    std::size_t operator()(const PacketKey& key) const noexcept { return FlowKeyHash{}(key.flow) ^ SegmentKeyHash{}(key.segment) ^ std::size_t{key.outgoing}; }
};

PacketKey key_of(const Event& event) {
    const Segment& segment = *event.as<Segment>();
    return {{event.witness, event.flow}, {segment.seq, segment.ack, segment.payload, segment.flags}, segment.outgoing};
}

std::uint64_t between(std::uint64_t a, std::uint64_t b) { return a > b ? a - b : b - a; }

/// A socket, or what stands for one: a handshake that the kernel answered.
bool makes_connection(const Event& event) {
    if (event.cookie || event.socket_id || event.as<SynAckRetransmit>()) return true;
    if (const Segment* segment = event.as<Segment>()) return segment->outgoing && segment->syn_ack();
    const ResetSent* reset = event.as<ResetSent>();
    return reset && reset->segment_flags & tcp_flag::syn;
}

class TracePackets {
public:
    explicit TracePackets(std::vector<Event>& events) : events_(events) {
        for (std::size_t i = 0; i < events.size(); ++i) {
            const Event& event = events[i];
            if (event.flow.complete()) flows_.insert({event.witness, event.flow});
            if (event.flow.complete() && makes_connection(event)) sockets_.insert({event.witness, event.flow});
            if (event.as<Segment>()) places_[key_of(events[i])].push_back(i);
        }
    }

    /// The correlator finds a connection there, or packets that the witness forwarded.
    bool has_socket(WitnessId witness, const Flow& flow) const {
        return sockets_.contains({witness, flow}) || (flows_.contains({witness, flow}) && flows_.contains({witness, flow.reversed()}));
    }

    /// The trace's own event of this packet, once.
    Event* take(const Event& packet) {
        const auto at = places_.find(key_of(packet));
        if (at == places_.end()) return nullptr;
        const Segment& wanted = *packet.as<Segment>();
        auto best = at->second.end();
        for (auto one = at->second.begin(); one != at->second.end(); ++one) {
            const Segment& other = *events_[*one].as<Segment>();
            if (other.ip_id != wanted.ip_id || between(events_[*one].time_ns, packet.time_ns) > apart_ns) continue;
            if (best == at->second.end() || between(events_[*one].time_ns, packet.time_ns) < between(events_[*best].time_ns, packet.time_ns)) best = one;
        }
        if (best == at->second.end()) return nullptr;
        Event* found = &events_[*best];
        at->second.erase(best);
        return found;
    }

private:
    std::vector<Event>& events_;
    std::unordered_map<PacketKey, std::vector<std::size_t>, PacketKeyHash> places_;
    std::unordered_set<FlowKey, FlowKeyHash> flows_, sockets_;
};

}  // namespace

std::vector<SessionFacts> place_packets(Exhibit& capture, std::vector<Event>& trace_events, RecordingId capture_id) {
    std::vector<SessionFacts> facts;
    std::vector<Event> more;
    TracePackets trace(trace_events);
    PacketOverlap& overlap = capture.info.overlap.emplace();
    std::vector<Connection> without_socket;
    const auto take = [&](Event event) {
        const Segment* packet = event.as<Segment>();
        Event* same = packet ? trace.take(event) : nullptr;
        if (!same) {
            if (packet) ++overlap.only_captured;
            more.push_back(std::move(event));
            return;
        }
        ++overlap.packets;
        Segment& both = *same->as<Segment>();
        both.frame = packet->frame;
        both.packet_id = packet->packet_id;
        both.marks = packet->marks;
        both.recording = capture_id;
    };
    std::unordered_set<const Event*> told_twice;  ///< packets of the trace that stay with the capture's sessions
    for (Connection& session : capture.connections) {
        if (!trace.has_socket(session.witness, session.flow)) {
            ++overlap.sessions_without_socket;
            for (const Event& event : session.events)
                if (Event* same = event.as<Segment>() ? trace.take(event) : nullptr) {
                    ++overlap.packets;
                    told_twice.insert(same);
                }
            without_socket.push_back(std::move(session));
            continue;
        }
        ++overlap.sessions;
        for (Event& event : session.events) take(std::move(event));
        facts.push_back({session.witness, session.flow, session.begin_ns, session.end_ns, std::move(session.wire)});
    }
    capture.connections = std::move(without_socket);
    std::erase_if(capture.unmatched, [&](Event& event) {  // a lone RST is no session
        if (!event.as<Segment>() || !trace.has_socket(event.witness, event.flow)) return false;
        take(std::move(event));
        return true;
    });
    std::unordered_set<WitnessId> here;
    for (const SessionFacts& one : facts) here.insert(one.witness);
    for (const Event& event : trace_events) {
        const Segment* segment = event.as<Segment>();
        if (!segment || segment->recording == capture_id || told_twice.contains(&event) || event.flow.local.address.loopback() || !here.contains(event.witness)) continue;
        if (event.time_ns >= capture.info.begin_ns && event.time_ns <= capture.info.end_ns) ++overlap.only_traced;
    }
    if (!told_twice.empty()) {
        std::vector<Event> kept;
        kept.reserve(trace_events.size() - told_twice.size() + more.size());
        for (Event& event : trace_events)
            if (!told_twice.contains(&event)) kept.push_back(std::move(event));
        trace_events = std::move(kept);
    }
    std::move(more.begin(), more.end(), std::back_inserter(trace_events));
    return facts;
}

}  // namespace tcpwitness
