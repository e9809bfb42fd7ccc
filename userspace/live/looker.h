// Looks at the sockets of every namespace from time to time: what waits in their queues, and with --sample how they do.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "live/loader.h"
#include "live/namespaces.h"
#include "live/process_state.h"
#include "live/queue_watch.h"

namespace tcpwitness {

/// ListenOverflows and SyncookiesSent of the namespace that the calling thread is in; the text is that of /proc/net/netstat.
struct ListenCounters {
    std::uint64_t overflows = 0, syn_cookies = 0;
    static ListenCounters parse(const std::string& netstat);
};

/// Looking costs a walk over the kernel's table of sockets: it happens once a second, and rarer when that takes more than a hundredth of a CPU.
class Looker {
public:
    using Take = std::function<void(const void* data, std::size_t size)>;
    Looker(const LoadedProbes&, const Filter&, Namespaces&, Take);

    /// Every connection's numbers every so often; 0: never.
    void sample_every(std::uint64_t ns) { sample_every_ns_ = ns; }

    /// Looks when it is time.
    void tick(std::uint64_t now_ns);

    /// Looks now: at the beginning, to know what was there, and at the end.
    void look(std::uint64_t now_ns);

    std::uint64_t malformed() const { return malformed_; }

private:
    void look_at(std::uint32_t netns);
    void look_at_queues(std::uint32_t netns);
    void look_at_counters(std::uint32_t netns);
    void sample();
    void each_namespace(const std::function<void(std::uint32_t)>& work);
    void tell();

    const LoadedProbes& probes_;
    const Filter& filter_;
    Namespaces& namespaces_;
    Take take_;
    QueueWatch watch_;
    SocketHolders holders_;
    struct Pending {
        Looked socket;
        tw_queue queue;
    };
    std::vector<Pending> pending_;  ///< of this look, until their holders are known
    std::map<std::uint32_t, ListenCounters> counters_;
    std::map<std::uint32_t, std::uint64_t> closed_until_ns_;  ///< namespaces that could not be entered: most are gone
    std::uint64_t next_ns_ = 0, sample_every_ns_ = 0, next_sample_ns_ = 0;
    std::uint64_t malformed_ = 0;
};

}  // namespace tcpwitness
