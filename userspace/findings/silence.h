// How long a connection had been silent before the trouble.
#pragma once

#include <cstdint>
#include <optional>

#include "correlate/connection.h"

namespace tcpwitness {

struct Silence {
    std::uint64_t idle_ns = 0;      ///< between the last traffic and the packet that met the trouble
    std::uint64_t usual_ns = 0;     ///< the usual pause of this connection before; 0 = it knew none
    std::uint64_t broken_ns = 0;    ///< when it was broken by our first packet
};

/// The silence that our own packet broke, right before the event `trouble` (a reset received, the error after
/// retransmits, or the last retransmit while they go on; by packets alone the RST, or the last retransmit).
/// Nothing where there was none that stands out: 10 s at least and 20 times the usual pause.
std::optional<Silence> silence_before(const Connection&, const Event& trouble);

}  // namespace tcpwitness
