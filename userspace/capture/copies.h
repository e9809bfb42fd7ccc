// One packet that the capture holds more than once: on two interfaces, a bridge, a bond, with and without its VLAN tag, on both sides of a
// router, or mirrored on its way in and out.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "parsers/packet.h"

namespace tcpwitness {

/// Remembers the last packets of all sessions, in one table of fixed size: where copies are, they come by the thousand, and late.
class Copies {
public:
    Copies() : sets_(most_sets) {}

    /// The same packet was here within the last 50 ms. `hash`: of its tuple.
    bool seen_before(const Packet&, std::uint32_t hash, std::uint32_t interface, std::uint64_t now_ns);

private:
    static constexpr std::size_t most_sets = 1u << 14;
    struct One {
        std::uint64_t print = 0;
        std::uint64_t seen = 0;  ///< when (48 bits), its TTL, where
    };
    struct alignas(64) Set {
        std::array<One, 4> packets;
    };
    std::vector<Set> sets_;
    std::uint32_t next_ = 0;
};

}  // namespace tcpwitness
