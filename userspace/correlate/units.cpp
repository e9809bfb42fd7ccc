#include "correlate/units.h"

#include "model/control_group.h"

namespace tcpwitness {

std::string unit_of(const Story& story, const Connection& c) {
    if (!c.owner.cgroup || story.recordings.empty()) return {};
    const auto& groups = story.recording_of(c.witness).cgroups;
    const auto path = groups.find(c.owner.cgroup);
    return path == groups.end() ? std::string() : short_name(control_group(path->second));
}

}  // namespace tcpwitness
