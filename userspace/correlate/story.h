// Everything that correlation made of one or more traces: what rules read and outputs print.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "correlate/connection.h"
#include "model/trace.h"

namespace tcpwitness {

struct Story {
    TraceInfo info;
    std::vector<Connection> connections;      ///< ascending by id; look up with connection(id), ids may have holes once some are forgotten
    std::vector<Conversation> conversations;  ///< ascending by id
    std::vector<Event> process_exits;         ///< exits of processes that owned sockets
    std::vector<Event> neighbours;            ///< what became of link-layer addresses
    std::vector<Event> gaps;                  ///< evidence gaps
    std::vector<Event> repeats;               ///< what came so often that it was counted instead of recorded
    std::vector<Event> environment;           ///< the host's configuration: as found, and its changes
    std::vector<Event> unmatched;             ///< events of no connection: forwarded packets, a RST for a segment without socket, ...
    std::uint64_t begin_ns = 0, end_ns = 0;   ///< boot clock, what the trace covers

    const Connection* connection(ConnectionId id) const;
    Connection* connection(ConnectionId id);
    const Conversation* conversation(ConversationId id) const;
    /// The other end of the session, when this story holds it.
    const Connection* other_end(const Connection&) const;
    /// Records were lost within [from, to], or were only counted: what is not there may have been.
    bool gap_within(std::uint64_t from_ns, std::uint64_t to_ns) const;

    /// Packets of this flow, in either direction, that belong to no connection: what a host on the path forwarded or made.
    std::vector<const Event*> unmatched_packets(const Flow&) const;
    /// The same with drops of such packets and ICMP errors about them.
    std::vector<const Event*> unmatched_events(const Flow&) const;
    void add_unmatched(Event);
    /// Drops unmatched events from before `time_ns`, and beyond the newest `keep`.
    void trim_unmatched(std::uint64_t time_ns, std::size_t keep);
    /// Drops all events from outside [from, to], both included; a loss that reaches into it stays. Connections keep their own times.
    void keep_only(std::uint64_t from_ns, std::uint64_t to_ns);

private:
    std::unordered_multimap<Flow, std::size_t, FlowHash> unmatched_by_flow_;  ///< direction-less flow -> place in unmatched
    std::size_t unmatched_trimmed_ = 0;  ///< how many were dropped from the front; places count from the very first
};

}  // namespace tcpwitness
