// Of a session that is longer than its log: the packets around which something happens.
#pragma once

#include <cstdint>

#include "capture/session.h"
#include "parsers/packet.h"

namespace tcpwitness {

/// How things stood before a segment was judged.
struct Before {
    Before(const Session& session, bool from_server)
        : own_closed(session.side(from_server).closed_since_ns != 0), peer_resends(session.side(!from_server).resent > 0), own_ns(session.side(from_server).last_ns) {}

    bool own_closed, peer_resends;
    std::uint64_t own_ns;
};

/// Marks the segment, those before it and those that will come after it as worth keeping, where it tells something: SYN, FIN and RST, the end of a
/// pause, a window that closes or opens, a timeout's second resend and the ACK that ends it.
void keep_telling(Session&, bool from_server, const Packet&, const Before&, std::uint32_t marks, std::uint64_t now_ns, LogHandle, LogPool&);

}  // namespace tcpwitness
