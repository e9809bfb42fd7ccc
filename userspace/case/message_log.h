// Messages of an application's log beside what tells of sockets: a trace, a capture.
#pragma once

#include <vector>

#include "case/exhibit.h"

namespace tcpwitness {

/// Puts the messages of each log among the events of the exhibit that it seems to belong to: the one that knows most of the messages' peers. A log's
/// clock is taken for that host's wall clock. Logs stay exhibits of their own where there is nothing else.
void place_logs(std::vector<Exhibit>&);

}  // namespace tcpwitness
