// What a segment is to the sender's state: new, sent again and why, late, a probe; and to the receiver's: an ACK, a duplicate one.
#pragma once

#include <cstdint>

#include "capture/session.h"
#include "parsers/packet.h"

namespace tcpwitness {

/// Takes the segment into the session's state. Returns its marks (model/event.h: segment_mark). `log`: where the segment is kept, so that
/// a mark can be added once later segments tell more.
std::uint32_t judge_segment(Session&, bool from_server, const Packet&, std::uint64_t now_ns, LogHandle log, LogPool&);

}  // namespace tcpwitness
