// Which routing table had no way to an address. Noting every lookup that fails costs each connection a little, and whoever forwards each
// packet: that begins with the first failure, and that one's lookup is made once more, in its namespace.
#pragma once

#include <cstdint>

#include "bpf/records.h"
#include "live/loader.h"
#include "live/namespaces.h"

namespace tcpwitness {

class RouteAsker {
public:
    RouteAsker(LoadedProbes& probes, const Namespaces& namespaces) : probes_(probes), namespaces_(namespaces) {}

    /// Fills in what a record lacks for whose call no failing lookup was noted, or none that explains its error. `addresses` follow its body.
    void complete(const tw_head& head, tw_route& body, const unsigned char* addresses);

private:
    /// False when the lookup does not end with the call's error, or that of a segment with none.
    bool ask(const tw_head& head, tw_route& body, const unsigned char* addresses);

    LoadedProbes& probes_;
    const Namespaces& namespaces_;
    bool noted_ = false;
    std::uint64_t second_ns_ = 0;  ///< when the one began that asked_ counts
    unsigned asked_ = 0;
};

}  // namespace tcpwitness
