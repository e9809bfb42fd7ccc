// Looks at the configuration while a recording runs, in a thread of its own, so that the ring is emptied meanwhile.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "environment/environment.h"
#include "live/namespaces.h"

namespace tcpwitness {

class EnvironmentWatch {
public:
    EnvironmentWatch();
    ~EnvironmentWatch();
    EnvironmentWatch(const EnvironmentWatch&) = delete;

    /// From now on this namespace too. `name`: as below /run/netns, where it has one.
    void add(std::uint32_t netns, std::string name);

    /// Waits, but not for long, until those that were added have been looked at once: before the recording says that it has begun.
    void await_first_look();

    /// Records that are ready: TW_ENVIRONMENT, in time order.
    std::vector<std::string> take();

    /// One last look, at counters too, told as of the recording's end (0: now). After it, take() has everything.
    void finish(std::uint64_t end_ns);

    /// After finish(): the longest time between two looks. What changed was seen no later than so long after it.
    std::uint64_t longest_pause_ns() const { return longest_pause_ns_; }

private:
    struct Watched {
        std::string place;  ///< its name, then the path where it was found
        NamespaceEnvironment environment;
        Facts known;
        bool seen = false, gone = false;
    };
    void run();
    void look_everywhere(bool last);
    void look_at(std::uint32_t netns, Watched&, bool last);
    void tell(std::uint32_t netns, std::vector<Environment> facts);

    std::mutex mutex_;
    std::condition_variable wake_, looked_;
    std::vector<std::pair<std::uint32_t, std::string>> added_;  ///< not yet looked at
    std::vector<std::string> ready_;
    bool finishing_ = false, looking_ = false;
    std::uint64_t end_ns_ = 0;

    // the thread's own
    HostEnvironment host_;
    Facts host_known_;
    bool host_seen_ = false;
    std::uint64_t longest_pause_ns_ = 0;
    std::map<std::uint32_t, Watched> namespaces_;
    std::thread thread_;  ///< last: begins when all else is there
};

}  // namespace tcpwitness
