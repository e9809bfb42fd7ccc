// Watches a session's asking and answering for what rules look for, so that the packets of quiet ones need not be kept.
#pragma once

#include <cstdint>

#include "capture/session.h"
#include "parsers/packet.h"

namespace tcpwitness {

/// Sets interest bits: a request unanswered for long, small segments that wait for delayed ACKs, keepalive probes that nobody answers. `marks`: what
/// the segment is (segment_mark).
void watch_exchange(Session&, bool from_server, const Packet&, std::uint32_t marks, std::uint64_t now_ns);

/// What only the end of the session, or of the capture, shows: a request that never was answered, a window that stayed closed.
void watch_end(Session&, std::uint64_t now_ns);

}  // namespace tcpwitness
