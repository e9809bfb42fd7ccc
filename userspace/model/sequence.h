// Order in the space of sequence numbers, which wraps (RFC 9293, 3.4).
#pragma once

#include <cstdint>

namespace tcpwitness {

inline bool seq_before(std::uint32_t a, std::uint32_t b) { return static_cast<std::int32_t>(a - b) < 0; }
inline bool seq_after(std::uint32_t a, std::uint32_t b) { return seq_before(b, a); }

}  // namespace tcpwitness
