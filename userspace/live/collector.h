// Takes records out of the rings, watches for losses, and hands everything to a sink. Knows file descriptors, not programs.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <unordered_set>
#include <vector>

#include "base/result.h"
#include "bpf/options.h"
#include "live/cgroup_paths.h"
#include "live/environment_watch.h"
#include "live/handles.h"
#include "live/held_back.h"
#include "live/kept_packets.h"
#include "live/kernel.h"
#include "live/loader.h"
#include "live/looker.h"
#include "live/mapping.h"
#include "live/namespaces.h"
#include "live/rings.h"
#include "live/route_asker.h"
#include "live/sink.h"
#include "live/socket_ledger.h"
#include "live/task_flows.h"
#include "live/undecided.h"

namespace tcpwitness {

/// Counters by probe number, summed over CPUs.
struct ProbeCount {
    std::uint64_t events = 0;  ///< handed to the sink
    std::uint64_t lost = 0;    ///< of all causes: the ring was full, or left out
    std::uint64_t refused = 0;   ///< of the lost: the sink had no room
    std::uint64_t left_out = 0;  ///< the kernel did not run the program, because an interrupt had come while it ran on that CPU
};

class Collector {
public:
    /// `filter` is the one that the probes were loaded with; the collector applies it to what it makes itself.
    static Result<std::unique_ptr<Collector>> open(LoadedProbes&, const Filter& filter, Namespaces&, RecordSink&);

    /// Sockets that exist already, in every namespace that can be reached. Call after attaching, so that none falls between.
    void snapshot();

    /// Every connection's numbers every so often; 0: never.
    void sample_every(std::uint64_t ns) { looker_.sample_every(ns); }

    /// Looks at the queues now: at the end, while everything still stands.
    void look_at_queues() { looker_.look(boot_clock_ns()); }

    /// Looks whether all sockets are there that should be: before the end, so that what is missing is told.
    void call_roll();

    /// Ends the recording at this moment, for all that is recorded.
    void stop();
    /// The boot clock; from the end on, that moment.
    std::uint64_t now() const { return end_ns_ ? end_ns_ : boot_clock_ns(); }

    /// Takes the records made up to now, looks for losses and at the queues, and ticks the sink. Does not wait: wake_fd() is for that.
    Status drain();

    /// Calls that are still inside the kernel, each as an unfinished record.
    void unfinished_calls();

    /// A last look at the host's configuration.
    void last_look();

    /// A file descriptor that becomes readable when a ring fills beyond its threshold.
    int wake_fd() const;

    ProbeCount count(tw_probe number) const { return counts_[number]; }
    std::uint64_t events() const;
    std::uint64_t lost() const;
    std::uint64_t refused() const;
    std::uint64_t left_out() const;
    /// Of the lost: nothing counted them, but what is recorded of their sockets shows that they must have been.
    std::uint64_t unseen() const { return unseen_; }
    /// Events without a socket that were counted, not recorded.
    std::uint64_t held_back() const { return held_back_->total(); }
    /// After the last record: nothing waits any more for its flow to be known.
    void settle();
    /// Records that were not written: the filter chooses by port, address or process, and they are about something else. Of them: those that had
    /// to go before anybody knew that.
    std::uint64_t withheld() const { return undecided_.dropped() + task_flows_.dropped(); }
    std::uint64_t overflowed() const { return undecided_.overflowed(); }
    /// Records whose length contradicts itself: a defect of the kernel side, 0 unless something is very wrong.
    std::uint64_t malformed() const { return malformed_ + rings_->malformed() + looker_.malformed(); }

private:
    Collector(LoadedProbes& probes, const Filter& filter, Namespaces& namespaces, RecordSink& sink);
    void take(const void* data, std::size_t size);
    void take_late(const void* data, std::size_t size);
    void take_route(const tw_head&, const void* data);
    void introduce(std::uint32_t netns, std::uint64_t boot_ns);
    void introduce_cgroup(const tw_head&, const void* data);
    bool read_snapshot(tw_probe iterator);
    void tell_unseen(bool all);
    void take_environment();
    void stand_in_where_needed();
    void check_losses();
    void check_held_back();
    void report_loss(tw_probe number, std::uint64_t count, std::uint64_t from_ns, std::uint64_t to_ns);
    void choose_by_flow(const void* data, std::size_t size);
    void write(const void* data, std::size_t size);
    void hand_on(const tw_head&, const void* data, std::size_t size);
    void note_refused(const tw_head&);
    void tell_withheld(std::uint64_t now_ns);

    LoadedProbes& probes_;
    const Filter& filter_;
    Namespaces& namespaces_;
    RecordSink& sink_;
    SocketLedger ledger_;
    TaskFlows task_flows_;
    Undecided undecided_;
    Looker looker_;
    RouteAsker route_asker_;
    Mapping ring_memory_, taken_memory_, counters_memory_, kept_memory_;
    std::unique_ptr<Rings> rings_;
    RingHandle wake_;
    std::unique_ptr<HeldBack> held_back_;
    std::unique_ptr<KeptPackets> kept_packets_;
    std::array<ProbeCount, TW_PROBES> counts_{};
    struct Refused {
        std::uint64_t count = 0, first_ns = 0, last_ns = 0;
    };
    std::array<Refused, TW_PROBES> refused_{};  ///< by the sink, since losses were reported last
    std::vector<std::uint64_t> ring_lost_, missed_;  ///< last seen totals, by probe number
    std::uint64_t malformed_ = 0;
    std::uint64_t unseen_ = 0, unseen_found_ = 0;  ///< told, and found, whether another counter explains it or not
    std::uint64_t drain_ns_ = 0;                   ///< when the last drain began
    std::uint64_t end_ns_ = 0;  ///< 0: it goes on
    std::uint64_t last_check_ns_ = 0, last_missed_check_ns_ = 0;
    std::uint64_t missed_check_ns_ = 1'000'000'000;  ///< how often the kernel is asked for what it left out; 0 at the end
    std::uint32_t last_netns_ = 0;
    std::unordered_set<std::uint32_t> introduced_;
    CgroupPaths cgroup_paths_;
    std::uint64_t last_cgroup_ = 0;
    std::unordered_set<std::uint64_t> introduced_cgroups_;
    std::unordered_set<std::uint64_t> snapshot_cookies_;
    EnvironmentWatch environment_;  ///< last: ends first
};

}  // namespace tcpwitness
