// What betrays a RST that another machine sent in the peer's name.
#pragma once

#include <bitset>
#include <map>
#include <string>
#include <vector>

#include "correlate/story.h"

namespace tcpwitness {

/// What each peer is like for each witness: the shortest handshake with it, in microseconds, and the TTLs of its packets.
class RoundTrips {
public:
    explicit RoundTrips(const Story& story) : story_(story) {}
    std::uint32_t shortest_us(WitnessId, const Address&) const;  ///< 0 = not known
    bool has_shown(WitnessId, const Address&, std::uint8_t ttl) const;  ///< some packet of it that was no RST came with that TTL

private:
    struct Peer {
        std::uint32_t shortest_us = 0;
        std::bitset<256> ttls;
    };
    const Peer& peer(WitnessId, const Address&) const;

    const Story& story_;
    mutable std::map<std::pair<WitnessId, Address>, Peer> peers_;  ///< those that were asked for
};

struct Marks {
    bool strong = false;             ///< one at least that the peer itself has no reason to show
    std::vector<std::string> marks;  ///< a sentence each
};

/// Compares the RST with the other packets that came in on the same connection.
Marks forged_marks(const Connection&, const Event& reset, const RoundTrips&);

}  // namespace tcpwitness
