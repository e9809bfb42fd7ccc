// Tells packets that this host only forwards from those that one of its sockets sends.
#pragma once

#include <cstdint>
#include <memory>
#include <memory_resource>
#include <unordered_map>

#include "model/event.h"

namespace tcpwitness {

/// A SYN or SYN-ACK that goes out after it came in is forwarded; on loopback it goes out first. The sequence number knows it
/// again, also where NAT rewrote one of its endpoints on the way.
class Transit {
public:
    /// True for an outgoing SYN or SYN-ACK that this witness took in before. Call for every packet, in time order.
    bool forwarded(const Event&);

private:
    struct Origin {
        Endpoint source, destination;
        bool came_in = false;
    };
    /// Has memory of its own: nodes that stay for long would else keep every page that events lay in around them.
    struct Generation {
        std::pmr::monotonic_buffer_resource memory;
        std::pmr::unordered_map<std::uint64_t, Origin> origins{&memory};
    };
    std::unique_ptr<Generation> recent_ = std::make_unique<Generation>(), older_;  ///< two generations bound the memory
};

}  // namespace tcpwitness
