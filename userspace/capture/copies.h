// One packet that several interfaces of the capturing host saw, or one interface twice: a bridge, a bond, a VLAN, a router's two sides.
#pragma once

#include <cstdint>

#include "capture/session.h"
#include "parsers/packet.h"

namespace tcpwitness {

/// The same packet was here within the last 100 us. A router's copy has another TTL; that is no difference here.
bool seen_before(RecentPackets&, const Packet&, bool from_server, std::uint32_t interface, std::uint64_t now_ns);

}  // namespace tcpwitness
