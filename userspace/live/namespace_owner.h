// Who lives in a network namespace that nobody gave a name: it is told by that.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tcpwitness {

/// "docker:0123456789ab (nginx)", "nginx.service", else "netns of nginx[123]". `cgroup` is the process's path in the unified hierarchy.
std::string namespace_owner_text(std::string_view comm, std::uint32_t pid, std::string_view cgroup);

/// By the first process in it, which has the lowest pid; empty when no process can be seen there.
std::string namespace_owner(std::uint32_t inum);

}  // namespace tcpwitness
