#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "model/event.h"

namespace tcpwitness {

/// The packet in a file that an event of the same connection goes with: the one that a state change came from or led to, that a retransmission
/// or a reset is about. `events` are one connection's, in time order; `at` is the event's place among them. Nothing (nullptr) when there is
/// none close by.
const Event* companion_packet(std::span<const Event> events, std::size_t at);

}  // namespace tcpwitness
