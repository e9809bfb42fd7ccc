// Which end of a capture's sessions is the capturing host's own.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <vector>

#include "capture/session.h"

namespace tcpwitness {

/// Learns from ended sessions; decides once all have ended. What counts, the first that tells: addresses that were given; directions that
/// interfaces told; the one host that takes part in every session and whose packets have passed no router (TTL 64, 128 or 255 as sent),
/// by its MAC where there is one; of two such, the one that answers a handshake at once while the other takes a round trip.
class LocalEnds {
public:
    void learn(const Session&);
    /// What another one learnt of other sessions. `numbers[n]`: what its MAC n is called here.
    void learn(const LocalEnds& other, const std::vector<std::uint16_t>& numbers);
    /// `given`: addresses of hosts, as the user says; those of the only one that is here are the capturing host's.
    void decide(const std::vector<std::vector<Address>>& given);

    bool found() const { return !addresses_.empty() || node_ != 0; }
    bool is_local(const Address&, std::uint16_t mac) const;
    const std::set<Address>& addresses() const { return addresses_; }  ///< those known; may be some of many

private:
    struct Node {
        std::uint64_t sessions = 0, near_us = 0, far_us = 0;  ///< its part of handshakes, and that of what lies beyond
        bool routed = false;   ///< some of its packets came with a TTL that a router had lowered
        std::set<Address> addresses;
    };
    std::uint64_t number_of(const Address&);
    bool seen(const std::vector<Address>&) const;
    void decide_by_nodes();
    bool nearer(const Node&) const;

    std::map<std::uint64_t, Node> nodes_;             ///< by MAC number; where there is none, by address
    std::map<Address, std::uint64_t> numbers_;        ///< of addresses without a MAC
    std::map<Address, std::int64_t> votes_;
    std::set<Address> addresses_;
    std::uint64_t sessions_ = 0, node_ = 0;
};

}  // namespace tcpwitness
