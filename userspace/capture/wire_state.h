// What Zeek and Wireshark say about a session: the ends' states, the history, the completeness.
#pragma once

#include <string_view>

#include "capture/session.h"
#include "parsers/packet.h"

namespace tcpwitness {

/// `marks`: what judge_segment() made of it.
void take_wire_state(Session&, bool from_server, const Packet&, std::uint32_t marks);

std::string_view conn_state(const Session&);

}  // namespace tcpwitness
