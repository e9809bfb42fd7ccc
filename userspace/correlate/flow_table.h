// Which connection a tuple belongs to right now, and the packets that came before anyone knew.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "correlate/connection.h"

namespace tcpwitness {

struct FlowKey {
    WitnessId witness = 0;
    Flow flow;
    bool operator==(const FlowKey&) const = default;
};

struct FlowKeyHash {
    std::size_t operator()(const FlowKey& key) const noexcept {
        return FlowHash{}(key.flow) ^ (std::size_t{key.witness} * 0x9e3779b97f4a7c15ull);
    }
};

struct FlowSlot {
    ConnectionId current = 0;    ///< the last connection that had this tuple, ended or not
    bool transit = false;        ///< the witness forwards this flow; it is no end of it
    std::vector<Event> waiting;  ///< packets that no connection has claimed yet, in time order
};

using FlowTable = std::unordered_map<FlowKey, FlowSlot, FlowKeyHash>;

}  // namespace tcpwitness
