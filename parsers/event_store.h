#pragma once

#include <cstddef>
#include <vector>

#include "model/event.h"

namespace tcpwitness {

/// Collects events in chunks, so that hundreds of megabytes of them are moved once, into their order, instead of at every growth.
class EventStore {
public:
    /// Where to append the (at most two) events of one record.
    std::vector<Event>& room();

    /// All of them by time, those of one time in the order in which they came, with ids from 1. Leaves nothing behind.
    std::vector<Event> take_ordered();

private:
    static constexpr std::size_t per_chunk = 65536, per_record = 2;

    std::vector<std::vector<Event>> chunks_;
};

}  // namespace tcpwitness
