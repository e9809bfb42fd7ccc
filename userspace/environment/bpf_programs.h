#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "environment/facts.h"

namespace tcpwitness {

/// "17 (xdp_filter)"; the number alone where the name cannot be had.
std::string program_text(std::uint32_t id);

/// Programs of the host that can alter, drop or redirect traffic, and where they hang. Not those that only watch.
class BpfPrograms {
public:
    /// Topic `bpf_program`. Walks the cgroups only when programs have come or gone since the last time.
    void add_to(Facts&);

private:
    std::vector<std::uint32_t> cgroup_programs_;
    std::map<std::uint32_t, std::string> cgroup_places_;
};

/// The ids of programs that hang on a device by a link of their own (tcx), in the network namespace of the calling thread.
struct DevicePrograms {
    std::uint32_t ingress = 0, egress = 0;  ///< the first of each; 0: none
};
DevicePrograms tcx_programs(std::uint32_t device_index);

}  // namespace tcpwitness
