// How far a packet has come, by its TTL or hop limit.
#pragma once

#include <cstdint>

namespace tcpwitness {

/// What a system's packets start from.
inline int starts_from(std::uint8_t ttl) { return ttl <= 64 ? 64 : ttl <= 128 ? 128 : 255; }

/// Routers passed, by the usual values to start from.
inline int hops(std::uint8_t ttl) { return starts_from(ttl) - ttl; }

/// No way is that long: the application chose what its packets start from (BGP: 1), and its kernel's own RST starts from elsewhere.
inline bool chosen(std::uint8_t ttl) {
    constexpr int longest_way = 40;
    return hops(ttl) > longest_way;
}

/// Two packets of one address came from different distances: of two machines, or by two routes. A kernel's RST and a listener's own packets may start from
/// different values.
inline bool far_apart(std::uint8_t usual, std::uint8_t other) { return usual && other && !chosen(usual) && hops(usual) != hops(other); }

}  // namespace tcpwitness
