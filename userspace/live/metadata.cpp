#include "live/metadata.h"

#include <map>

#include "live/drop_reasons.h"

namespace tcpwitness {
namespace {

std::string probe_key(const Probe& probe, const char* what) { return std::string("probe.") + name(probe) + "." + what; }

std::string joined(const std::string& so_far, const std::string& more) { return so_far.empty() ? more : so_far + "," + more; }

/// The report applies the tasks again: the kernel side lets packets of other tasks through. The rest says what the trace is about.
void add_filter(Metadata& out, const Filter& filter) {
    static constexpr const char* sides[] = {"", "local_", "peer_"};
    std::map<std::string, std::string> values;
    const auto add = [&](const std::string& key, const std::string& value) { values[key] = joined(values[key], value); };
    for (int side = 0; side < 3; ++side) {
        for (const PortRange& range : filter.ports[side])
            add(std::string(sides[side]) + "port", std::to_string(range.first) + "-" + std::to_string(range.last));
        for (const Prefix& prefix : filter.hosts[side]) add(std::string(sides[side]) + "host", prefix.text());
    }
    for (const std::uint32_t pid : filter.pids) add("pid", std::to_string(pid));
    for (const std::string& comm : filter.comms) add("comm", comm);
    for (const std::uint32_t netns : filter.netns) add("netns", std::to_string(netns));
    for (const auto& [key, value] : values) out.emplace_back("filter." + key, value);
}

}  // namespace

std::string status_text(const ProbeState& state) {
    switch (state.status) {
        case ProbeState::Status::attached: return "attached";
        case ProbeState::Status::partial: return "fallback: " + state.why;
        case ProbeState::Status::unavailable: break;
    }
    return (state.probe->optional ? "optional: " : "unavailable: ") + state.why;
}

Metadata initial_metadata(const Kernel& kernel, const LoadedProbes& probes, const std::string& tool, const std::string& command_line,
                          const LoadOptions& options) {
    Metadata out = {
        {"abi", std::to_string(TW_ABI_VERSION)},
        {"tool", tool},
        {"host", host_name()},
        {"kernel", kernel_release()},
        {"boot_id", boot_id()},
        {"command", command_line},
        {"clock.boot_to_wall_ns", std::to_string(boot_to_wall_ns())},
        {"started_ns", std::to_string(probes.started_ns())},
    };
    for (const ProbeState& state : probes.states()) {
        out.emplace_back(probe_key(*state.probe, "hook"), hook_text(*state.probe));
        out.emplace_back(probe_key(*state.probe, "status"), status_text(state));
    }
    for (const auto& [number, name] : kernel.enumerators("sk_rst_reason"))
        out.emplace_back("reason.reset." + std::to_string(number), name);
    for (const auto& [number, name] : drop_reasons(kernel)) out.emplace_back("reason.drop." + std::to_string(number), name);
    add_filter(out, options.filter);
    if (options.segments) out.emplace_back("segments", "yes");
    return out;
}

void final_metadata(RecordSink& sink, const Collector& collector, const LoadedProbes& probes, const std::string& end_reason) {
    const std::uint64_t now = collector.now();
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
