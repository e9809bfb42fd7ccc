// What the recorded routes say about the way from a host to an address.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "correlate/story.h"

namespace tcpwitness {

struct DeadEnd {
    std::string text;             ///< "a blackhole route (main 192.0.2.7)", "it has no route to 192.0.2.7"
    const Event* fact = nullptr;  ///< the route; null where there is none
};

/// The most specific route of that time to the address says no, or there is none. Null where one leads there, where the routes are not known, or where
/// routing rules may choose another table.
std::optional<DeadEnd> dead_end(const Story&, WitnessId, const Address& to, std::uint64_t time_ns);

}  // namespace tcpwitness
