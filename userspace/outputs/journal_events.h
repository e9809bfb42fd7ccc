// Socket events as fields of a systemd journal entry, which Wireshark lists without a plugin.
#pragma once

#include <string>
#include <vector>

#include "outputs/outputs.h"

namespace tcpwitness {

/// An event that is no packet of a file, and its connection where it has one.
struct JournalEvent {
    const Event* event;
    const Connection* connection;
};

/// All of the selected connections, in time order, and those of no connection unless connections are selected.
std::vector<JournalEvent> journal_events(const Story&, const OutputOptions&);

/// KEY=value lines: MESSAGE, PRIORITY, process and host under systemd's own names, and every fact as TCPWITNESS_NAME.
std::string journal_fields(const Story&, const JournalEvent&);

}  // namespace tcpwitness
