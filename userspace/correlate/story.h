// Everything that correlation made of one or more traces: what rules read and outputs print.
#pragma once

#include <cstdint>
#include <vector>

#include "correlate/connection.h"
#include "model/trace.h"

namespace tcpwitness {

struct Story {
    TraceInfo info;
    std::vector<Connection> connections;      ///< [id - 1]
    std::vector<Conversation> conversations;  ///< [id - 1]
    std::vector<Event> process_exits;         ///< exits of processes that owned sockets
    std::vector<Event> gaps;                  ///< evidence gaps
    std::vector<Event> unmatched;             ///< events of no connection (a RST sent for a segment without socket, ...)
    std::uint64_t begin_ns = 0, end_ns = 0;   ///< boot clock, what the trace covers

    const Connection* connection(ConnectionId id) const { return id ? &connections[id - 1] : nullptr; }
    /// The other end of the session, when this story holds it.
    const Connection* other_end(const Connection&) const;
    /// Records were lost at this witness's host within [from, to].
    bool gap_within(std::uint64_t from_ns, std::uint64_t to_ns) const;
};

}  // namespace tcpwitness
