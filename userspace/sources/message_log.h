// Messages of an application's log beside what tells of sockets: a trace, a capture.
#pragma once

#include <cstdint>
#include <vector>

#include "model/trace.h"

namespace tcpwitness {

/// The log's messages of the time from `first_ns` to `last_ns`, on a clock that wall clocks are ahead of by `to_wall_ns`; of witness 0.
std::vector<Event> messages_of(const Trace& log, std::uint64_t first_ns, std::uint64_t last_ns, std::uint64_t to_wall_ns = 0);

/// Puts a log's messages among the events of a trace of the same time. Correlation finds their sockets.
void add_messages(Trace& to, const Trace& log);

}  // namespace tcpwitness
