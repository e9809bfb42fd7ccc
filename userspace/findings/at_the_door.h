// SYNs that came to a port where somebody listens, or were to pass through, and were not let in: what only the server's host, or the one before it, was recorded for.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "findings/finding.h"
#include "findings/listeners.h"

namespace tcpwitness {

/// The listening sockets of a story, by place and port.
class Listeners {
public:
    explicit Listeners(const Story&);
    /// One that a packet of this flow would go to; null: nobody listens there.
    const Connection* at(WitnessId, const Endpoint& local) const;

private:
    ListenersByPort by_port_;
};

/// One SYN that came to a listening socket again and again, without an answer and without a word of the kernel about it.
struct Unanswered {
    const Connection* listener = nullptr;
    const Connection* client = nullptr;  ///< its own end, where that was recorded too
    std::vector<const Event*> syns;
};
std::vector<Unanswered> unanswered_syns(const Story&);

/// Drops of SYNs that came in, as local-drop tells them; those that a packet filter keeps off as its purpose is are a benign pattern. `told`: events that other findings cite.
std::vector<Finding> dropped_at_the_door(const Story&, const std::set<std::uint64_t>& told, const Proof& told_by_kernel);

}  // namespace tcpwitness
