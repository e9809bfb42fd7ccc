// Which segments two recordings both hold, and which of them saw each first.
#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "case/clock_fit.h"
#include "case/exhibit.h"

namespace tcpwitness {

/// A segment at a place of an exhibit.
struct Sight {
    std::uint64_t own_ns = 0;   ///< by the recording's own clock
    WitnessId witness = 0;      ///< the exhibit's own number
    Endpoint from, to;
    std::uint32_t tsval = 0;    ///< 0 = not known
    std::uint16_t ip_id = 0;    ///< 0 = not known
    std::uint8_t ttl = 0;       ///< 0 = not known
    bool outgoing = false;
    bool end = false;           ///< one of its endpoints is the witness's own: it starts or ends here
};

/// What is alike wherever a segment is seen. The acknowledgment number of a SYN is left out: devices rewrite it.
struct SegmentKey {
    std::uint32_t seq = 0, ack = 0, payload = 0;
    std::uint8_t flags = 0;
    bool operator==(const SegmentKey&) const = default;
};
struct SegmentKeyHash {
    std::size_t operator()(const SegmentKey& key) const noexcept {
        std::uint64_t mixed = (std::uint64_t{key.seq} << 32 | key.ack) * 0x9e3779b97f4a7c15ull;
        return (mixed ^ (std::uint64_t{key.payload} << 8 | key.flags)) * 0xd6e8feb86659fd93ull;
    }
};
using Sights = std::unordered_map<SegmentKey, std::vector<Sight>, SegmentKeyHash>;

/// The segments of an exhibit that open or close sessions, and those with payload that it holds.
Sights sights_of(const Exhibit&);

/// What two recordings have in common.
struct Meeting {
    std::vector<Crossing> crossings;
    /// Witnesses (of A, of B) that stand at one place: both saw the same segments leave, or arrive, as one end.
    std::vector<std::pair<WitnessId, WitnessId>> same_place;
};
Meeting meet(const Sights& a, const Sights& b);

}  // namespace tcpwitness
