// The FIN that came first: who had enough, and, by its numbers, what either end had sent by then. It is recorded where data segments are not.
#pragma once

#include <cstdint>
#include <optional>

#include "correlate/connection.h"

namespace tcpwitness {

struct FirstFin {
    const Event* event = nullptr;
    bool by_client = false;
    std::uint64_t after_ns = 0;              ///< since the connection was established
    std::uint32_t sent = 0, received = 0;    ///< bytes: by the client, and by the server as far as that FIN's sender knew
};

/// Nothing where the trace does not hold the whole connection, or no FIN of an open one.
std::optional<FirstFin> first_fin(const Connection&);

}  // namespace tcpwitness
