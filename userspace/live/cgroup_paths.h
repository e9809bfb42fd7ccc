// From a control group's id, as records of tasks carry it, to its path.
#pragma once

#include <cstdint>
#include <string>

#include "base/fd.h"

namespace tcpwitness {

/// Asks the kernel by the id itself, so that a process that is gone by then does not matter. The hierarchy is a detached mount, which goes with
/// its descriptor: where it is mounted, if anywhere, does not matter either.
class CgroupPaths {
public:
    CgroupPaths();
    /// "/system.slice/nginx.service", from the root of the unified hierarchy (cgroup v2); empty: it is gone, or cannot be found.
    std::string path(std::uint64_t id) const;

private:
    Fd root_;
};

}  // namespace tcpwitness
