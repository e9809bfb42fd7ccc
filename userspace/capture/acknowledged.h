// What an ACK does to the sender's state: round trips, duplicate ACKs, SACK, and resends that turn out to have been in vain.
#pragma once

#include <cstdint>

#include "capture/session.h"
#include "parsers/packet.h"

namespace tcpwitness {

/// `self` acknowledges what `sender` has sent. Returns the marks of the ACK itself.
std::uint32_t take_ack(Side& sender, Side& self, const Packet&, std::uint64_t now_ns, LogPool&);

}  // namespace tcpwitness
