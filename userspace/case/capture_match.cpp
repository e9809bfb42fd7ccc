#include "case/capture_match.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <unordered_map>

#include "correlate/flow_table.h"

namespace tcpwitness {

namespace {

/// A probe and a packet socket take their times at different places of the stack.
constexpr std::uint64_t apart_ns = 50'000'000;
/// A FIN that came out of order waits in the socket until what lies before it was sent again.
constexpr std::uint64_t earlier_ns = 1'000'000'000;

/// A packet that must have been on the wire for a socket's event to come about.
struct Expected {
    OnWire what{};
    bool outgoing = false;
    std::uint8_t flags = 0, mask = 0;     ///< of TCP
    bool any_time_before = false;         ///< not just at the time of the event
    std::uint8_t completeness = 0;        ///< the bit of WireFacts::completeness that such a packet sets; 0 = none
    std::optional<std::uint32_t> seq = {};

    bool is(const Segment& segment) const { return segment.outgoing == outgoing && segment.is(flags, mask) && (!seq || *seq == segment.seq); }
};

namespace expect {
constexpr std::uint8_t syn = tcp_flag::syn, ack = tcp_flag::ack, rst = tcp_flag::rst, handshake = syn | ack | rst;
constexpr std::uint8_t saw_syn = 1, saw_syn_ack = 2, saw_fin = 16, saw_rst = 32;
constexpr Expected syn_sent{OnWire::syn_sent, true, syn, handshake, false, saw_syn};
constexpr Expected syn_received{OnWire::syn_received, false, syn, handshake, true, saw_syn};
constexpr Expected syn_ack_sent{OnWire::syn_ack_sent, true, syn | ack, handshake, true, saw_syn_ack};
constexpr Expected syn_ack_received{OnWire::syn_ack_received, false, syn | ack, handshake, true, saw_syn_ack};
constexpr Expected fin_sent{OnWire::fin_sent, true, tcp_flag::fin, tcp_flag::fin, true, saw_fin};
constexpr Expected fin_received{OnWire::fin_received, false, tcp_flag::fin, tcp_flag::fin, true, saw_fin};
constexpr Expected reset_sent{OnWire::reset_sent, true, rst, rst, false, saw_rst};
constexpr Expected reset_received{OnWire::reset_received, false, rst, rst, false, saw_rst};
Expected sent_again(std::uint32_t seq, std::uint8_t flags = 0) { return {OnWire::sent_again, true, flags, flags, false, 0, seq}; }
}  // namespace expect

using AllExpected = std::vector<Expected>;

/// An own FIN is expected once it was acknowledged only: it may have to wait behind data that never was sent.
AllExpected expected_of(const StateChange& change, const Connection& c) {
    using enum TcpState;
    if (change.to == syn_sent) return {expect::syn_sent};
    if (change.to == established && change.from == syn_sent) return {expect::syn_ack_received};
    if (change.to == established && change.from == syn_recv) return {expect::syn_received, expect::syn_ack_sent};
    if (change.to == close_wait || change.to == closing) return {expect::fin_received};
    if (change.to == fin_wait2) return {expect::fin_sent};
    if (change.to == close && change.from == last_ack && !c.has(sign::reset_received | sign::reset_sent | sign::error)) return {expect::fin_sent};
    return {};
}

AllExpected expected_of(const Event& event, const Connection& c) {
    if (const auto* change = event.as<StateChange>()) return expected_of(*change, c);
    if (const auto* again = event.as<Retransmit>()) return again->error ? AllExpected{} : AllExpected{expect::sent_again(again->seq)};
    if (const auto* again = event.as<SynAckRetransmit>()) return {expect::sent_again(again->sent_isn, expect::syn | expect::ack)};
    if (event.as<ResetSent>()) return {expect::reset_sent};
    if (event.as<ResetReceived>()) return {expect::reset_received};
    return {};
}

struct Times {
    std::uint64_t begin_ns = 0, end_ns = 0;
    bool hold(std::uint64_t time_ns) const { return begin_ns <= time_ns && time_ns <= end_ns; }
};

/// When the tuple had no socket any more; nothing where one in TIME_WAIT may have stayed.
std::optional<std::uint64_t> socket_gone_ns(const Connection& c) {
    using enum TcpState;
    std::optional<std::uint64_t> gone;
    for (const Event& event : c.events) {
        const auto* change = event.as<StateChange>();
        if (!change || change->to != close) continue;
        gone.reset();
        const bool at_once = change->from != fin_wait1 && change->from != fin_wait2 && change->from != closing && change->from != time_wait;
        if (at_once) gone = event.time_ns;
    }
    return gone;
}

std::uint64_t all_packets(const WireFacts& wire) { return std::uint64_t{wire.client.packets} + wire.server.packets; }

/// One witness that was traced and captured.
class Matcher {
public:
    Matcher(const Story& story, WitnessId witness) : story_(story) {
        for (const RecordingId id : story.witnesses[witness].recordings) {
            const Recording& one = story.recordings[id];
            Times& times = one.capture() ? captured_ : traced_;
            if (times.begin_ns == 0 || one.begin_ns < times.begin_ns) times.begin_ns = one.begin_ns;
            times.end_ns = std::max(times.end_ns, one.end_ns);
            all_listed_ = all_listed_ && one.sessions_not_listed == 0;
        }
    }

    /// `strays`: packets of its tuple that no connection has.
    std::shared_ptr<const CaptureMatch> match(const Connection& c, const std::vector<const Event*>& strays) const {
        CaptureMatch match;
        std::vector<const Event*> packets;
        for (const Event& event : c.events)
            if (captured(event)) packets.push_back(&event);
        match.packets = packets.size();
        find_packets_without_socket(match, c, packets, strays);
        if (!c.adopted && !c.flow.local.address.loopback()) find_events_without_packet(match, c, packets, strays.size());
        if (!match.without_socket && match.missing.empty()) return nullptr;
        return std::make_shared<const CaptureMatch>(std::move(match));
    }

    bool captured(const Event& event) const {
        const Segment* segment = event.as<Segment>();
        return segment && segment->recording < story_.recordings.size() && story_.recordings[segment->recording].capture();
    }

private:
    void find_packets_without_socket(CaptureMatch& match, const Connection& c, const std::vector<const Event*>& packets,
                                     const std::vector<const Event*>& strays) const {
        const auto count = [&](const Event& packet) {
            if (!traced_.hold(packet.time_ns)) return;
            ++match.without_socket;
            if (match.frames.size() < CaptureMatch::frames_named) match.frames.push_back(frame_of(packet));
        };
        const auto gone = socket_gone_ns(c);
        for (const Event* packet : packets)
            if (c.adopted || (gone && packet->time_ns > *gone + apart_ns)) count(*packet);
        for (const Event* packet : strays) count(*packet);
        const bool whole = c.adopted && c.wire && match.without_socket == packets.size() && !packets.empty();
        if (whole) match.without_socket = std::max(match.without_socket, all_packets(*c.wire));
    }

    void find_events_without_packet(CaptureMatch& match, const Connection& c, const std::vector<const Event*>& packets, std::size_t strays) const {
        const std::uint64_t held = packets.size() + strays;
        const bool kept_all = c.wire ? held >= all_packets(*c.wire) : held == 0 && all_listed_;
        for (const Event& event : c.events)
            for (const Expected& wanted : expected_of(event, c)) {
                if (!covered(c, event, wanted) || there(event, wanted, packets) || dropped(c, event, wanted)) continue;
                if (!kept_all && !(c.wire && wanted.completeness && !(c.wire->completeness & wanted.completeness))) continue;
                add(match, wanted.what, event.id);
            }
    }

    bool covered(const Connection& c, const Event& event, const Expected& wanted) const {
        if (!captured_.hold(event.time_ns)) return false;
        return !wanted.any_time_before || captured_.begin_ns <= c.begin_ns || captured_.begin_ns + earlier_ns <= event.time_ns;
    }

    static bool there(const Event& event, const Expected& wanted, const std::vector<const Event*>& packets) {
        return std::any_of(packets.begin(), packets.end(), [&](const Event* packet) {
            if (packet->time_ns > event.time_ns + apart_ns || !wanted.is(*packet->as<Segment>())) return false;
            return wanted.any_time_before || packet->time_ns + apart_ns >= event.time_ns;
        });
    }

    /// The trace itself tells that it never got so far.
    static bool dropped(const Connection& c, const Event& event, const Expected& wanted) {
        return wanted.outgoing && std::any_of(c.events.begin(), c.events.end(), [&](const Event& other) {
            const Drop* drop = other.as<Drop>();
            return drop && drop->outgoing && other.time_ns <= event.time_ns + apart_ns && other.time_ns + apart_ns >= event.time_ns;
        });
    }

    static void add(CaptureMatch& match, OnWire what, std::uint64_t event) {
        const auto alike = [&](const CaptureMatch::Missing& one) { return one.what == what; };
        if (const auto known = std::find_if(match.missing.begin(), match.missing.end(), alike); known != match.missing.end())
            ++known->count;
        else
            match.missing.push_back({what, 1, event});
    }

    const Story& story_;
    Times traced_, captured_;
    bool all_listed_ = true;  ///< the capture's sessions all became connections
};

/// The connections of each tuple, by time.
using ByFlow = std::unordered_map<FlowKey, std::vector<Connection*>, FlowKeyHash>;

/// Whose tuple a packet of no connection had: the last one that had begun before it, else the first.
Connection* nearest(const ByFlow& by_flow, const Event& packet) {
    const auto at = by_flow.find({packet.witness, packet.flow});
    if (at == by_flow.end()) return nullptr;
    Connection* found = at->second.front();
    for (Connection* one : at->second)
        if (one->begin_ns <= packet.time_ns) found = one;
    return found;
}

bool begins_earlier(const Connection* a, const Connection* b) { return a->begin_ns < b->begin_ns; }

bool traced_and_captured(const Story& story, WitnessId witness) {
    return story.any_recording(witness, [](const Recording& one) { return one.capture(); }) &&
           story.any_recording(witness, [](const Recording& one) { return !one.capture(); });
}

}  // namespace

void match_captures(Story& story) {
    for (WitnessId witness = 0; witness < story.witnesses.size(); ++witness) {
        if (!traced_and_captured(story, witness)) continue;
        const Matcher matcher(story, witness);
        ByFlow by_flow;
        for (Connection& c : story.connections)
            if (c.witness == witness && c.flow.complete()) by_flow[{witness, c.flow}].push_back(&c);
        for (auto& [flow, connections] : by_flow)
            std::stable_sort(connections.begin(), connections.end(), begins_earlier);
        std::unordered_map<ConnectionId, std::vector<const Event*>> strays;
        for (const Event& event : story.unmatched)
            if (event.witness == witness && matcher.captured(event))
                if (const Connection* c = nearest(by_flow, event)) strays[c->id].push_back(&event);
        const auto& recordings = story.witnesses[witness].recordings;
        const auto is_capture = [&](RecordingId id) { return story.recordings[id].capture(); };
        auto& told = story.recordings[*std::find_if(recordings.begin(), recordings.end(), is_capture)].overlap;
        PacketOverlap& overlap = told ? *told : told.emplace();
        for (auto& [flow, connections] : by_flow)
            for (Connection* c : connections) {
                const auto theirs = strays.find(c->id);
                c->capture_match = matcher.match(*c, theirs == strays.end() ? std::vector<const Event*>{} : theirs->second);
                if (!c->capture_match) continue;
                overlap.without_socket += c->capture_match->without_socket;
                overlap.events_without_packet += c->capture_match->events_without_packet();
            }
    }
}

}  // namespace tcpwitness
