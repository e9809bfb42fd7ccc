// Decides which of the queues that were looked at are worth a record. Pure: no kernel, no clock.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "bpf/options.h"

namespace tcpwitness {

/// A socket as one look found it.
struct Looked {
    tw_head head{};
    tw_queue_look look{};
    std::string addresses;  ///< as they stand behind the body
};

/// A record to be made: its head and addresses, and its body but for the process.
struct QueueRecord {
    const Looked* socket = nullptr;
    tw_queue queue{};
};

/// Tells what has waited since the look before, then ever more rarely while it goes on, and once when it is over. What a queue holds for
/// less than the time between two looks is no news, except what it lost.
class QueueWatch {
public:
    using Tell = std::function<void(const QueueRecord&)>;

    /// A look at one namespace: every socket that the kernel side shows, then the end.
    void begin(std::uint32_t netns);
    void see(const Looked&, const Tell&);
    void end(std::uint64_t now_ns, const Tell&);

    /// The namespace is gone, with all its sockets.
    void forget(std::uint32_t netns);

private:
    struct Key {
        std::uint32_t netns;
        std::uint64_t cookie;
        std::uint8_t what;
        auto operator<=>(const Key&) const = default;
    };
    struct State {
        std::uint64_t since_ns = 0;    ///< of the first look in a row that found something wait
        std::uint32_t progress = 0;    ///< what would have moved
        std::uint64_t next_ns = 0;     ///< when it is worth telling again
        std::uint64_t look = 0;        ///< the last look that saw it
        bool waits = false, told = false, closed = false;
        Looked last;                   ///< for the record that says it is over
    };
    void listener(const Looked&, const Tell&);
    void connection(const Looked&, std::uint8_t what, bool waits, std::uint32_t progress, bool closed, const Tell&);
    void tell(State&, tw_queue, std::uint64_t now_ns, bool over, const Tell&);
    State& state_of(const Looked&, std::uint8_t what);

    std::map<Key, State> states_;
    std::map<std::uint32_t, std::uint64_t> looks_;  ///< by namespace: how many there were
    std::uint32_t netns_ = 0;
};

}  // namespace tcpwitness
