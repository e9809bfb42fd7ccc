// What one event says about the connection it belongs to. Pure: no tables, no lookups.
#pragma once

#include "correlate/connection.h"

namespace tcpwitness {

/// Takes the event's facts into the connection: state, role, owner, ISNs, signs, error. Does not store the event.
void take_facts(Connection&, const Event&);

/// Fills what is unknown of the connection's tuple; never replaces known by unknown. True when the tuple became complete by it.
bool learn_flow(Connection&, const Flow&);

/// The task made a call on the connection: owner, or one more user.
void note_task(Connection&, const Task&, std::uint8_t rank);

/// How it ended as far as its signs and events tell.
Ending judge_ending(const Connection&);

/// The errno says that connect() failed for good (not EINPROGRESS and the like).
bool final_connect_error(std::int32_t ret);

namespace owner_rank {
inline constexpr std::uint8_t seen = 1, bound = 2, caller = 3;  ///< snapshot, socket() or a bare pid; bind(); connect, listen, accept
}

}  // namespace tcpwitness
