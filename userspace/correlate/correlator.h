// Events in, Story out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "correlate/flow_table.h"
#include "correlate/story.h"
#include "correlate/transit.h"

namespace tcpwitness {

/// What correlation may hold in memory. The defaults suit a live trace; a report of a file takes offline().
struct Limits {
    std::size_t max_connections = 100'000;
    std::size_t max_events_per_connection = 2'000;  ///< the first and the last are kept, those between are counted
    std::size_t max_unmatched = 100'000;            ///< events of no connection, and packets that wait for one

    static Limits offline() { return {20'000'000, 100'000, 20'000'000}; }
};

/// Puts every event to its connection. Give events in time order; then ask for the story.
class Correlator {
public:
    explicit Correlator(const TraceInfo& info, Limits limits = {});
    /// For a case of several recordings: `described` holds them, their witnesses and interfaces, and nothing yet that happened.
    explicit Correlator(Story described, Limits limits);

    /// What a running recording says about itself by now.
    void describe(const TraceInfo&);
    /// More events will come, until finish().
    void goes_on() { story_.ongoing = true; }

    void add(Event event);

    /// Takes connections that were rebuilt and judged elsewhere, a capture's: as they are, under the next ids, to be joined with other ends.
    /// Their witness must be set; theirs are all events in them.
    void adopt(std::vector<Connection> rebuilt);

    /// The story of what came so far: endings judged, ends joined. Cheap when little changed since the last call.
    Story& story();

    /// The same after the last event: packets that still wait for a connection become unmatched, messages find theirs.
    Story& finish();

    /// Forgets connections whose last event is before `time_ns` and that have ended, and unmatched events from before it.
    /// Ids of the others stay. With `clean_before_ns`, sessions that both ends closed in good order are forgotten from then on
    /// already: no finding is about them. Returns how many were forgotten.
    std::size_t forget_ended_before(std::uint64_t time_ns, std::uint64_t clean_before_ns = 0);

    /// Gives back memory that connections without an event since then reserve for more events. Returns how many had some.
    std::size_t compact(std::uint64_t idle_since_ns);

    /// The connection that an event was put to, as far as it can still be told; nullptr for events of none.
    const Connection* find(const Event& event);

    /// Events that were not kept because max_connections live connections were held already.
    std::uint64_t events_refused() const { return refused_; }

    /// How many connections were forgotten so far, also to make room.
    std::uint64_t forgotten() const { return forgotten_; }

private:
    struct SocketKey {
        WitnessId witness = 0;
        std::uint64_t number = 0;
        bool operator==(const SocketKey&) const = default;
    };
    struct SocketKeyHash {
        std::size_t operator()(const SocketKey& key) const noexcept {
            return (key.number * 0x9e3779b97f4a7c15ull) ^ (std::size_t{key.witness} << 7);
        }
    };
    using SocketTable = std::unordered_map<SocketKey, ConnectionId, SocketKeyHash>;

    // routing (correlator.cpp)
    void cover(const Event&);
    Connection* connection_of(const Event&);
    Connection* by_cookie(const Event&);
    Connection* by_socket_id(const Event&);
    Connection* by_flow(const Event&);
    Connection* create(const Event&);
    void add_to(Connection&, Event);
    void add_accept(Event);
    void add_without_socket(Event);
    void split_second_attempt(const Event&);
    void tie(Connection&, const Event&);

    // packets (packets.cpp)
    void add_packet(Event);
    bool wait_with_packets(Event&);
    bool belongs(const Connection&, const Segment&, const FlowSlot&) const;
    Connection* start_embryonic(const Event&, FlowSlot&);
    Connection* start_knock(const Event&);
    void register_flow(Connection&);
    void claim_waiting(Connection&, FlowSlot&);
    void wait(FlowSlot&, Event);
    void give_up_waiting(FlowSlot&, std::size_t count);
    void give_up_all_waiting(std::uint64_t before_ns);

    // messages (messages.cpp)
    void place_messages();

    // listeners and the two ends (ends.cpp)
    ConnectionId listener_of(const Connection&) const;
    Role role_by_signs(const Connection&) const;
    void judge(Connection&);
    void join(Connection&);
    void join_translated();  ///< translated.cpp
    void mark_changed(Connection&);
    FlowSlot& slot_of(WitnessId, const Flow&);
    void drop_loose_slots();
    void forget_claimed_slots();
    bool make_room(std::uint64_t now_ns);

    Story story_;
    Limits limits_;
    SocketTable cookies_, socket_ids_;
    FlowTable flows_;
    Transit transit_;
    std::unordered_map<SocketKey, std::vector<ConnectionId>, SocketKeyHash> listeners_;  ///< witness, port
    std::unordered_map<Flow, std::vector<ConnectionId>, FlowHash> ends_;                 ///< tuple as the end itself sees it
    std::vector<ConnectionId> to_judge_;
    std::vector<ConnectionId> roomy_;  ///< their events may have room for more: compact()
    std::vector<FlowKey> loose_;       ///< slots that may go: without a connection when they were made, or with packets that wait
    std::size_t most_loose_ = 1024;    ///< then it is looked through for those that a connection has by now
    std::vector<Event> messages_;  ///< wait for the last event: which connections there are decides where they belong
    ConnectionId last_id_ = 0;
    ConversationId last_conversation_ = 0;
    std::size_t waiting_ = 0;
    std::uint64_t refused_ = 0, forgotten_ = 0;
    std::uint64_t retry_forgetting_at_ = 0;
};

/// Everything at once: the story of a whole recording.
Story correlate(const TraceInfo& info, std::vector<Event> events, Limits limits = Limits::offline());

}  // namespace tcpwitness
