#include "live/metadata.h"

namespace tcpwitness {
namespace {

std::string probe_key(const Probe& probe, const char* what) { return std::string("probe.") + name(probe) + "." + what; }

/// The report applies it again: what the kernel side could not leave out is not what the user asked for.
void add_filter(Metadata& out, const Filter& filter) {
    static constexpr const char* sides[] = {"", "local_", "peer_"};
    for (int side = 0; side < 3; ++side) {
        for (const PortRange& range : filter.ports[side])
            out.emplace_back(std::string("filter.") + sides[side] + "port", std::to_string(range.first) + "-" + std::to_string(range.last));
        for (const Prefix& prefix : filter.hosts[side]) out.emplace_back(std::string("filter.") + sides[side] + "host", prefix.text());
    }
    for (const std::uint32_t pid : filter.pids) out.emplace_back("filter.pid", std::to_string(pid));
    for (const std::string& comm : filter.comms) out.emplace_back("filter.comm", comm);
    for (const std::uint32_t netns : filter.netns) out.emplace_back("filter.netns", std::to_string(netns));
}

}  // namespace

std::string status_text(const ProbeState& state) {
    switch (state.status) {
        case ProbeState::Status::attached: return "attached";
        case ProbeState::Status::partial: return "fallback: " + state.why;
        case ProbeState::Status::unavailable: break;
    }
    return "unavailable: " + state.why;
}

Metadata initial_metadata(const Kernel& kernel, const LoadedProbes& probes, const std::string& tool, const std::string& command_line,
                          const Filter& filter) {
    Metadata out = {
        {"abi", std::to_string(TW_ABI_VERSION)},
        {"tool", tool},
        {"host", host_name()},
        {"kernel", kernel_release()},
        {"boot_id", boot_id()},
        {"command", command_line},
        {"clock.boot_to_wall_ns", std::to_string(boot_to_wall_ns())},
        {"started_ns", std::to_string(boot_clock_ns())},
    };
    for (const ProbeState& state : probes.states()) {
        out.emplace_back(probe_key(*state.probe, "hook"), hook_text(*state.probe));
        out.emplace_back(probe_key(*state.probe, "status"), status_text(state));
    }
    for (const auto& [number, name] : kernel.enumerators("sk_rst_reason"))
        out.emplace_back("reason.reset." + std::to_string(number), name);
    add_filter(out, filter);
    return out;
}

void final_metadata(RecordSink& sink, const Collector& collector, const LoadedProbes& probes, const std::string& end_reason) {
    const std::uint64_t now = boot_clock_ns();
    for (const ProbeState& state : probes.states()) {
        const ProbeCount count = collector.count(state.probe->number);
        sink.meta(now, probe_key(*state.probe, "events"), std::to_string(count.events));
        sink.meta(now, probe_key(*state.probe, "lost"), std::to_string(count.lost));
    }
    sink.meta(now, "clock.boot_to_wall_ns.end", std::to_string(boot_to_wall_ns()));
    sink.meta(now, "end.reason", end_reason);
    sink.meta(now, "ended_ns", std::to_string(now));
}

}  // namespace tcpwitness
