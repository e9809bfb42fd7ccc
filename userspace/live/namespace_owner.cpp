#include "live/namespace_owner.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include <fmt/format.h>

#include "base/text.h"
#include "live/namespaces.h"
#include "model/control_group.h"

namespace tcpwitness {

namespace {

std::string content(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

/// Of the lines of /proc/PID/cgroup the unified hierarchy's: "0::/system.slice/nginx.service".
std::string unified_path(const std::string& lines) {
    for (const std::string_view line : split(lines, '\n'))
        if (line.starts_with("0::")) return std::string(line.substr(3));
    return {};
}

}  // namespace

std::string namespace_owner_text(std::string_view comm, std::uint32_t pid, std::string_view cgroup) {
    const ControlGroup group = control_group(cgroup);
    if (!group.container_id.empty()) return fmt::format("{} ({})", short_name(group), comm);
    if (!group.unit.empty()) return group.unit;
    return fmt::format("netns of {}[{}]", comm, pid);
}

std::string namespace_owner(std::uint32_t inum) {
    std::set<std::uint32_t> pids;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator("/proc", error))
        if (const auto pid = parse_number<std::uint32_t>(entry.path().filename().string())) pids.insert(*pid);
    for (const std::uint32_t pid : pids) {
        const std::string process = fmt::format("/proc/{}", pid);
        if (namespace_inum(process + "/ns/net") != inum) continue;
        const std::string comm = content(process + "/comm");
        if (!comm.empty()) return namespace_owner_text(trim(comm), pid, unified_path(content(process + "/cgroup")));
    }
    return {};
}

}  // namespace tcpwitness
