#include "environment/bpf_programs.h"

#include <fcntl.h>
#include <linux/bpf.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <vector>

#include <fmt/format.h>

#include "base/fd.h"

namespace tcpwitness {

namespace {

// Newer than the headers of the oldest system that this is built on.
constexpr std::uint32_t program_type_netfilter = 32;
constexpr std::uint32_t link_netfilter = 10, link_tcx = 11, link_netkit = 13;
constexpr std::uint32_t attach_tcx_ingress = 46, attach_tcx_egress = 47;

constexpr std::uint32_t attach_types = 60;
constexpr std::uint32_t most_of_a_group = 16;
constexpr std::size_t most_programs = 1000, most_groups = 2000;

/// bpf_link_info as far as it is read here.
struct LinkInfo {
    std::uint32_t type, id, program, pad;
    union {
        struct {
            std::uint32_t index, attach_type;
        } device;
        struct {
            std::uint64_t id;
            std::uint32_t attach_type;
        } cgroup;
        struct {
            std::uint32_t inode, attach_type;
        } netns;
        struct {
            std::uint32_t family, hook;
            std::int32_t priority;
            std::uint32_t flags;
        } netfilter;
    };
};

/// Where the cgroup v2 tree is mounted; empty when it is not.
std::string cgroup_mount() {
    std::ifstream mounts("/proc/self/mounts");
    for (std::string device, path, type, rest; mounts >> device >> path >> type && std::getline(mounts, rest);)
        if (type == "cgroup2") return path;
    return {};
}

long bpf(int command, bpf_attr& attributes) { return syscall(SYS_bpf, command, &attributes, sizeof attributes); }

std::optional<std::uint32_t> next_id(int command, std::uint32_t after) {
    bpf_attr attributes{};
    attributes.start_id = after;
    if (bpf(command, attributes) != 0) return std::nullopt;
    return attributes.next_id;
}

template <typename Info>
std::optional<Info> info_of(int command, std::uint32_t id) {
    bpf_attr attributes{};
    attributes.prog_id = id;  // shares its place with link_id
    const Fd object(static_cast<int>(bpf(command, attributes)));
    if (!object) return std::nullopt;
    Info info{};
    attributes = {};
    attributes.info.bpf_fd = static_cast<std::uint32_t>(object.get());
    attributes.info.info_len = sizeof info;
    attributes.info.info = reinterpret_cast<std::uint64_t>(&info);
    if (bpf(BPF_OBJ_GET_INFO_BY_FD, attributes) != 0) return std::nullopt;
    return info;
}

/// What a type of program can do to traffic; nothing for those that only watch.
const char* type_text(std::uint32_t type) {
    switch (type) {
        case BPF_PROG_TYPE_SCHED_CLS: return "tc classifier";
        case BPF_PROG_TYPE_SCHED_ACT: return "tc action";
        case BPF_PROG_TYPE_XDP: return "XDP";
        case BPF_PROG_TYPE_CGROUP_SKB: return "cgroup packet filter";
        case BPF_PROG_TYPE_CGROUP_SOCK: return "cgroup socket hook";
        case BPF_PROG_TYPE_CGROUP_SOCK_ADDR: return "cgroup address hook";
        case BPF_PROG_TYPE_CGROUP_SOCKOPT: return "cgroup socket option hook";
        case BPF_PROG_TYPE_SOCK_OPS: return "socket operations hook";
        case BPF_PROG_TYPE_SK_SKB: return "socket map stream parser";
        case BPF_PROG_TYPE_SK_MSG: return "socket map message hook";
        case BPF_PROG_TYPE_SK_LOOKUP: return "socket lookup";
        case BPF_PROG_TYPE_SK_REUSEPORT: return "SO_REUSEPORT selection";
        case BPF_PROG_TYPE_FLOW_DISSECTOR: return "flow dissector";
        case BPF_PROG_TYPE_LWT_IN:
        case BPF_PROG_TYPE_LWT_OUT:
        case BPF_PROG_TYPE_LWT_XMIT:
        case BPF_PROG_TYPE_LWT_SEG6LOCAL: return "route encapsulation";
        case BPF_PROG_TYPE_STRUCT_OPS: return "kernel operations (congestion control and the like)";
        case BPF_PROG_TYPE_LSM: return "security hook";
        case program_type_netfilter: return "netfilter hook";
        default: return nullptr;
    }
}

std::string place_text(const LinkInfo& link) {
    switch (link.type) {
        case BPF_LINK_TYPE_XDP:
        case link_tcx:
        case link_netkit: return fmt::format("on device {}", link.device.index);
        case BPF_LINK_TYPE_CGROUP: return fmt::format("on cgroup {}", link.cgroup.id);
        case BPF_LINK_TYPE_NETNS: return fmt::format("on network namespace {}", link.netns.inode);
        case link_netfilter:
            return fmt::format("on {} hook {}, priority {}", link.netfilter.family == 2 ? "IPv4" : "IPv6", link.netfilter.hook, link.netfilter.priority);
        default: return "by a link";
    }
}

/// Where programs hang that have a link of their own, by program.
std::map<std::uint32_t, std::string> linked_places() {
    std::map<std::uint32_t, std::string> places;
    for (auto id = next_id(BPF_LINK_GET_NEXT_ID, 0); id; id = next_id(BPF_LINK_GET_NEXT_ID, *id)) {
        const auto link = info_of<LinkInfo>(BPF_LINK_GET_FD_BY_ID, *id);
        if (!link) continue;
        std::string& place = places[link->program];
        place += (place.empty() ? "" : ", ") + place_text(*link);
    }
    return places;
}

/// Where programs hang on control groups, with or without links, by program. Names the first groups of each.
std::map<std::uint32_t, std::string> programs_by_cgroup() {
    std::map<std::uint32_t, std::string> places;
    std::map<std::uint32_t, std::size_t> counts;
    std::size_t visited = 0;
    const auto visit = [&](const std::string& path, const std::string& name) {
        const Fd group(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        for (std::uint32_t type = 0; group && type < attach_types; ++type) {
            std::uint32_t ids[most_of_a_group] = {};
            bpf_attr attributes{};
            attributes.query.target_fd = static_cast<std::uint32_t>(group.get());
            attributes.query.attach_type = type;
            attributes.query.prog_ids = reinterpret_cast<std::uint64_t>(ids);
            attributes.query.prog_cnt = most_of_a_group;
            if (bpf(BPF_PROG_QUERY, attributes) != 0) continue;
            for (std::uint32_t i = 0; i < attributes.query.prog_cnt && i < most_of_a_group; ++i)
                if (++counts[ids[i]] <= 4) places[ids[i]] += fmt::format("{}{}", places[ids[i]].empty() ? "on cgroup " : ", ", name);
        }
    };
    const std::string root = cgroup_mount();
    if (root.empty()) return places;
    visit(root, "/");
    std::error_code error;
    for (auto at = std::filesystem::recursive_directory_iterator(root, error); at != std::filesystem::recursive_directory_iterator() && visited < most_groups;
         at.increment(error))
        if (at->is_directory(error)) {
            visit(at->path(), at->path().string().substr(root.size()));
            ++visited;
        }
    return places;
}

std::uint32_t first_program(std::uint32_t device_index, std::uint32_t attach_type) {
    std::uint32_t ids[8] = {};
    bpf_attr attributes{};
    attributes.query.target_fd = device_index;  // target_ifindex, in newer headers
    attributes.query.attach_type = attach_type;
    attributes.query.prog_ids = reinterpret_cast<std::uint64_t>(ids);
    attributes.query.prog_cnt = 8;
    return bpf(BPF_PROG_QUERY, attributes) == 0 || errno == ENOSPC ? ids[0] : 0;
}

}  // namespace

std::string program_text(std::uint32_t id) {
    const auto info = info_of<bpf_prog_info>(BPF_PROG_GET_FD_BY_ID, id);
    return info && info->name[0] ? fmt::format("{} ({})", id, info->name) : std::to_string(id);
}

void BpfPrograms::add_to(Facts& facts) {
    std::map<std::uint32_t, bpf_prog_info> programs;
    std::vector<std::uint32_t> of_cgroups;
    auto id = next_id(BPF_PROG_GET_NEXT_ID, 0);
    if (!id && errno != ENOENT) return facts.unreadable("bpf_program", "", std::strerror(errno));
    for (; id && programs.size() < most_programs; id = next_id(BPF_PROG_GET_NEXT_ID, *id)) {
        const auto info = info_of<bpf_prog_info>(BPF_PROG_GET_FD_BY_ID, *id);
        if (!info || !type_text(info->type)) continue;
        programs.emplace(*id, *info);
        if (std::string_view(type_text(info->type)).starts_with("cgroup") || info->type == BPF_PROG_TYPE_SOCK_OPS) of_cgroups.push_back(*id);
    }
    if (programs.empty()) return;
    auto places = linked_places();
    if (of_cgroups != cgroup_programs_) {
        cgroup_places_ = of_cgroups.empty() ? std::map<std::uint32_t, std::string>() : programs_by_cgroup();
        cgroup_programs_ = of_cgroups;
    }
    for (const auto& [number, place] : cgroup_places_) places[number] = place;
    for (const auto& [number, info] : programs) {
        const auto place = places.find(number);
        facts.add("bpf_program", fmt::format("{} {}", number, info.name),
                  place == places.end() ? type_text(info.type) : fmt::format("{} {}", type_text(info.type), place->second));
    }
}

DevicePrograms tcx_programs(std::uint32_t device_index) {
    return {first_program(device_index, attach_tcx_ingress), first_program(device_index, attach_tcx_egress)};
}

}  // namespace tcpwitness
