// Listening sockets, as rules about refused connects ask for them.
#pragma once

#include <map>
#include <utility>
#include <vector>

#include "correlate/story.h"

namespace tcpwitness {

/// It listened on all addresses of its port then. Where the kernel found no socket for a SYN all the same, it takes IPv6 only, or is bound to a device.
inline bool listened_everywhere(const Connection& c, std::uint64_t at_ns) {
    return c.is_listener() && c.flow.local.address.unspecified() && c.begin_ns <= at_ns && (c.live() || c.end_ns >= at_ns);
}

/// It listened on all addresses of IPv4, and was asked by IPv6: such a socket never takes that. (The other way round it may: [::] takes both, unless it is told not to.)
inline bool ipv4_alone(const Connection& listener, const Address& asked) {
    const Address& own = listener.flow.local.address;
    return own.unspecified() && own.family == Address::Family::ipv4 && asked.family == Address::Family::ipv6;
}

using ListenersByPort = std::map<std::pair<WitnessId, std::uint16_t>, std::vector<const Connection*>>;

inline ListenersByPort listeners_by_port(const Story& story) {
    ListenersByPort listeners;
    for (const Connection& c : story.with(trait::listener)) listeners[{c.witness, c.flow.local.port}].push_back(&c);
    return listeners;
}

/// Listened on all addresses of that port, and the kernel found no socket for the SYN all the same.
inline const Connection* passed_over(const ListenersByPort& listeners, WitnessId witness, const Endpoint& asked, std::uint64_t at_ns) {
    const auto at = listeners.find({witness, asked.port});
    if (at == listeners.end()) return nullptr;
    for (const Connection* c : at->second)
        if (listened_everywhere(*c, at_ns) && !ipv4_alone(*c, asked.address)) return c;
    return nullptr;
}

}  // namespace tcpwitness
