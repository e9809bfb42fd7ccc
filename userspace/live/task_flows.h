// Keeps what a filter by process does not choose out of the recording where no socket tells whose it is: packets, ICMP, drops and RSTs of flows that
// no chosen socket has.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "bpf/records.h"
#include "live/withheld.h"
#include "model/address.h"

namespace tcpwitness {

/// The programs choose sockets; a packet that comes before its socket is chosen (the SYN of a client, what a client sends before accept()) waits here
/// for it. A flow counts in both directions and in every namespace that it passes, a listener's port in its own.
class TaskFlows {
public:
    using Write = std::function<void(const void* data, std::size_t size)>;
    static constexpr std::size_t most_bytes = 4u << 20;          ///< that wait
    static constexpr std::uint64_t patience_ns = 3'000'000'000;  ///< for how long
    static constexpr std::size_t most_flows = 1u << 16;          ///< that are known; the oldest are forgotten

    explicit TaskFlows(Write write) : write_(std::move(write)) {}

    /// A record whose length has been checked against its head. Written now, later, or never.
    void take(const tw_head&, const void* data);

    /// At the end: what no socket was chosen for was not asked for.
    void drop_all();

    std::vector<std::pair<std::string, std::string>> take_withheld() { return withheld_.take(); }
    std::uint64_t dropped() const { return withheld_.count(); }

private:
    struct Waiting {
        Flow flow;  ///< without direction
        std::uint32_t netns;
        std::uint16_t local_port;
        std::uint64_t time_ns;
        std::string record;
    };
    using Place = std::list<Waiting>::iterator;

    void choose(const tw_head&, const Flow&);
    void choose_flow(const Flow& without_direction);
    void choose_listener(std::uint32_t netns, std::uint16_t port);
    bool chosen(const tw_head&, const Flow& without_direction);
    void wait(const tw_head&, const void* data, const Flow& without_direction);
    void write_waiting(Place);
    void drop_oldest();
    void release(Place);

    Write write_;
    std::list<Waiting> waiting_;  ///< the oldest first
    std::unordered_multimap<Flow, Place, FlowHash> waiting_by_flow_;
    std::unordered_set<Flow, FlowHash> flows_;  ///< of chosen sockets
    std::deque<Flow> flows_by_age_;
    std::set<std::pair<std::uint32_t, std::uint16_t>> listeners_;  ///< namespace and port
    Withheld withheld_;
    std::size_t bytes_ = 0;
};

}  // namespace tcpwitness
