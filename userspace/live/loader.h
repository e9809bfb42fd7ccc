// Puts the BPF programs into the kernel. What it yields is file descriptors and a description, nothing else: the collector needs no
// privilege and no knowledge of how they came to be.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "live/handles.h"
#include "live/kernel.h"
#include "live/probes.h"
#include "live/rings.h"
#include "model/filter.h"

struct tcpwitness_bpf;

namespace tcpwitness {

struct LoadOptions {
    std::uint64_t buffer_bytes = 16 << 20;   ///< of all rings together; see ring_layout. As much again is for what waits in a flood: see kept_sets
    std::uint32_t max_connections = 100'000; ///< bounds the kernel's table of chosen sockets (--pid, --comm)
    Filter filter;
    bool attach_all = false;                 ///< also what is attached on demand, to see whether it can be (Probe::on_demand)
    bool segments = false;                   ///< all segments of the filter's sockets, not only SYN, FIN and RST
};

/// What became of one row of the probes table.
struct ProbeState {
    enum class Status : std::uint8_t { attached, partial, unavailable };
    const Probe* probe = nullptr;
    Status status = Status::unavailable;
    std::string why;   ///< what is missing and what mends it; empty when attached
    bool usable() const { return status != Status::unavailable; }
};

/// The programs in the kernel, for as long as this object lives. Everything goes with it, also when the process is killed.
class LoadedProbes {
public:
    /// Opens, verifies and attaches what the kernel allows. A probe that fails takes out only itself. Fails only when nothing
    /// at all can be loaded.
    static Result<LoadedProbes> load(const Kernel&, const LoadOptions&);

    LoadedProbes(LoadedProbes&&) noexcept;
    LoadedProbes& operator=(LoadedProbes&&) noexcept;
    ~LoadedProbes();

    const std::vector<ProbeState>& states() const { return states_; }
    bool main_job_possible() const;

    RingFds ring_fds() const;
    int pending_calls_fd() const;
    int held_fd() const;  ///< counts of what was held back, tw_held_key to uint64
    int kept_fd() const;  ///< packets that wait for their connection, kept_sets() times tw_kept_set; can be mapped
    std::uint32_t kept_sets() const { return kept_sets_; }
    bool kept_any() const;  ///< some packet was kept since the beginning
    bool reset_reasons_told() const { return reset_reasons_told_; }  ///< the kernel gives its reason with each reset
    unsigned cpus() const { return cpus_; }
    const RingLayout& rings() const { return rings_; }

    /// A new pass over an iterator probe; read() yields whole records. Runs in the calling thread's network namespace.
    Result<Fd> snapshot(tw_probe iterator) const;

    /// Records that are missing because the kernel left out a probe's program, which was running on that CPU already, and no stand-in
    /// was there. Per probe number.
    std::vector<std::uint64_t> missed() const;
    std::uint64_t missed(tw_probe) const;

    /// From now on, what a failing route lookup says is noted (Probe::on_demand).
    void note_route_lookups();
    /// Of a probe of that kind: it is attached.
    bool notes(tw_probe number) const { return on_demand_.contains(number); }
    /// The last failing lookup of this process's since the call before; table 0: none.
    tw_own_lookup own_failed_lookup();

    /// Has the state probe's stand-in (Probe::stand_in) attached or not; what the first program is not run for meanwhile is covered, or missed.
    void stand_in(bool wanted);

    /// When records began to be made, all hooks being attached (boot clock).
    std::uint64_t started_ns() const { return started_ns_; }
    /// Ends the recording for all hooks at one moment, which it returns: a record of a later time may still come, none of an earlier is missing.
    std::uint64_t stop();

    /// Takes all hooks away, one after the other: the kernel takes tens of milliseconds for each. Maps stay readable.
    void detach();

private:
    LoadedProbes();
    std::uint64_t left_out(const char* program) const;  ///< how often it was not run because it was running on that CPU already
    struct Skeleton;
    std::unique_ptr<Skeleton> skeleton_;
    std::map<tw_probe, LinkHandle> on_demand_;
    std::vector<LinkHandle> links_;  ///< a link of a system call tracepoint owns its perf event
    LinkHandle stand_in_;
    bool stand_in_fails_ = false;     ///< the kernel would not attach it
    std::uint64_t covered_ = 0;       ///< what its first was left out for while it was there, until it was last attached
    std::uint64_t covered_from_ = 0;  ///< how often its first had been left out when it was last attached
    std::vector<ProbeState> states_;
    unsigned cpus_ = 1;
    std::uint32_t kept_sets_ = 1;
    RingLayout rings_;
    bool reset_reasons_told_ = false;
    std::uint64_t started_ns_ = 0;

    friend class Loader;
};

}  // namespace tcpwitness
