#include "model/trace.h"

#include <algorithm>

#include "base/text.h"

namespace tcpwitness {

std::vector<Address> Recording::addresses_of(const Witness& witness) const {
    std::vector<Address> addresses;
    const auto recorded = meta.find("netns." + std::to_string(witness.netns) + ".addresses");
    if (recorded == meta.end()) return addresses;
    for (const std::string_view text : split(recorded->second, ','))
        if (const auto address = Address::parse(trim(text))) addresses.push_back(*address);
    return addresses;
}

bool Recording::tells(std::string_view probe) const {
    return std::all_of(probes.begin(), probes.end(),
                       [&](const ProbeStatus& one) { return one.name.find(probe) == std::string::npos || one.attached(); });
}

bool Recording::probe_attached(std::string_view name) const {
    return std::any_of(probes.begin(), probes.end(), [&](const ProbeStatus& one) { return one.name == name && one.attached(); });
}

void packets_only(Recording& recording) {
    recording.meta["segments"] = "yes";
    for (const char* probe : {"state", "call_exit", "reset_sent", "reset_received", "retransmit", "synack_retransmit", "timer_armed", "timer_fired", "error"})
        recording.probes.push_back({probe, "", "optional: a capture holds packets only"});
    recording.probes.push_back({"packet", "", "attached"});
}

}  // namespace tcpwitness
