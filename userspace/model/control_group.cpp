#include "model/control_group.h"

#include <algorithm>

#include "base/text.h"

namespace tcpwitness {
namespace {

constexpr std::size_t id_digits = 64;
constexpr std::size_t uid_length = 36;

constexpr struct {
    std::string_view prefix, runtime;
} runtimes[] = {{"docker-", "docker"}, {"cri-containerd-", "containerd"}, {"nerdctl-", "containerd"}, {"crio-", "cri-o"}, {"libpod-", "podman"}};

bool take_suffix(std::string_view& text, std::string_view suffix) {
    if (!text.ends_with(suffix)) return false;
    text.remove_suffix(suffix.size());
    return true;
}

/// "docker-0123...scope" under systemd, "0123..." without it.
void take_container(ControlGroup& group, std::string_view part, std::string_view parent) {
    take_suffix(part, ".scope");
    if (part.size() < id_digits) return;
    const std::string_view id = part.substr(part.size() - id_digits), prefix = part.substr(0, part.size() - id_digits);
    if (!std::ranges::all_of(id, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); })) return;
    if (prefix.empty() && parent == "docker") group.runtime = "docker";
    for (const auto& [known, runtime] : runtimes)
        if (prefix == known) group.runtime = runtime;
    if (prefix.empty() || !group.runtime.empty()) group.container_id = id;
}

/// "pod0a1b-..." or "kubepods-burstable-pod0a1b_....slice"
void take_pod(ControlGroup& group, std::string_view part) {
    take_suffix(part, ".slice");
    if (part.size() < uid_length + 3 || part.substr(part.size() - uid_length - 3, 3) != "pod") return;
    std::string uid(part.substr(part.size() - uid_length));
    std::ranges::replace(uid, '_', '-');
    if (std::ranges::count(uid, '-') == 4) group.pod_uid = std::move(uid);
}

}  // namespace

ControlGroup control_group(std::string_view path) {
    ControlGroup group;
    std::string_view parent;
    for (const std::string_view part : split(path, '/')) {
        take_container(group, part, parent);
        take_pod(group, part);
        if (part.ends_with(".service")) group.unit = part;
        parent = part;
    }
    return group;
}

std::string short_name(const ControlGroup& group) {
    constexpr std::size_t short_id = 12;
    if (group.container_id.empty()) return group.unit;
    return (group.runtime.empty() ? "container" : group.runtime) + ":" + group.container_id.substr(0, short_id);
}

}  // namespace tcpwitness
