// A capture that holds its host's events too: its packets and its sockets in one exhibit.
#pragma once

#include "case/exhibit.h"

namespace tcpwitness {

/// Needs CaptureStory::host_events. Packets of sessions whose socket the events know are among the events, the others' sessions are connections.
Exhibit exhibit_with_events(CaptureStory);

}  // namespace tcpwitness
