// Drops whose reason tells what the packet was like when it arrived, not what this host did to it: whoever dropped it is not to blame.
#pragma once

#include "model/event.h"

namespace tcpwitness {

/// Its checksum was wrong: damaged on the way, or left to a device that did not fill it in.
inline bool spoilt(const Drop& drop) { return drop.reason.find("CSUM") != std::string::npos; }
/// Its timestamp is older than those before (RFC 7323, PAWS): it was altered, or is much too late.
inline bool stale(const Drop& drop) { return drop.reason.find("PAWS") != std::string::npos; }

/// Its hop limit had run out: its sender gave it too small a one, or routers pass it round in a loop.
inline bool expired(const Drop& drop) { return !drop.outgoing && !drop.icmp && drop.ttl == 1 && (drop.place == "ip_forward" || drop.place == "ip6_forward"); }

}  // namespace tcpwitness
