#include "live/namespaces.h"

#include <fcntl.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "base/text.h"
#include "live/kernel.h"
#include "live/namespace_owner.h"

namespace tcpwitness {
namespace {

constexpr const char* run_netns = "/run/netns";

bool is_number(const std::string& text) { return parse_number<std::uint64_t>(text).has_value(); }

}  // namespace

std::uint32_t namespace_inum(const std::string& path) {
    struct stat status{};
    return stat(path.c_str(), &status) == 0 ? static_cast<std::uint32_t>(status.st_ino) : 0;
}

Result<std::uint32_t> find_namespace(const std::string& text) {
    if (text.find('/') == std::string::npos)
        if (const std::uint32_t inum = namespace_inum(std::string(run_netns) + "/" + text)) return inum;
    if (const auto number = parse_number<std::uint64_t>(text)) {
        if (const std::uint32_t inum = namespace_inum("/proc/" + text + "/ns/net")) return inum;
        if (*number >= 0xF0000000u && *number <= UINT32_MAX) return static_cast<std::uint32_t>(*number);  // the range of proc inodes
    }
    return Error{"no network namespace '" + printable(text) + "': give a name that `ip netns` lists, the pid of a process in it, or its inode number"};
}

NamespaceFile open_namespace(std::uint32_t inum, const std::string& name_or_path) {
    const auto try_path = [&](const std::string& path) {
        return namespace_inum(path) == inum ? NamespaceFile{Fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC)), path} : NamespaceFile{};
    };
    if (!name_or_path.empty())
        if (auto file = try_path(name_or_path.starts_with('/') ? name_or_path : std::string(run_netns) + "/" + name_or_path); file.file) return file;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator("/proc", error)) {
        if (!is_number(entry.path().filename())) continue;
        if (auto file = try_path(entry.path() / "ns/net"); file.file) return file;
    }
    return {};
}

Namespaces::Namespaces(std::map<std::uint32_t, std::string> given) : names_(std::move(given)) {
    names_.try_emplace(namespace_inum("/proc/self/ns/net"), host_name());
    read_run_netns();
}

void Namespaces::read_run_netns() {
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(run_netns, error))
        if (const std::uint32_t inum = namespace_inum(entry.path())) names_.try_emplace(inum, entry.path().filename());
}

/// Where nobody gave it a name, it is called after who lives in it.
std::string Namespaces::name(std::uint32_t inum) {
    auto found = names_.find(inum);
    if (found == names_.end()) {
        read_run_netns();
        found = names_.try_emplace(inum).first;
        if (found->second.empty()) found->second = namespace_owner(inum);
    }
    return found->second;
}

Fd Namespaces::open(std::uint32_t inum) const {
    const auto seen = seen_at_.find(inum);
    const auto found = names_.find(inum);
    NamespaceFile file = open_namespace(inum, seen != seen_at_.end() ? seen->second : found != names_.end() ? found->second : "");
    if (file.file) seen_at_[inum] = file.path;
    return std::move(file.file);
}

std::vector<std::uint32_t> Namespaces::all() {
    read_run_netns();
    std::vector<std::uint32_t> inums;
    for (const auto& [inum, name] : names_) inums.push_back(inum);
    return inums;
}

bool in_namespace(const Fd& netns, const std::function<void()>& work) {
    if (!netns) return false;
    bool entered = false;
    std::thread([&] {
        entered = setns(netns.get(), CLONE_NEWNET) == 0;
        if (entered) work();
    }).join();
    return entered;
}

std::vector<Address> network_addresses() {
    std::vector<Address> addresses;
    ifaddrs* list = nullptr;
    if (getifaddrs(&list) != 0) return addresses;
    for (const ifaddrs* entry = list; entry; entry = entry->ifa_next) {
        if (!entry->ifa_addr) continue;
        Address address;
        if (entry->ifa_addr->sa_family == AF_INET)
            address = Address::ipv4(reinterpret_cast<const std::uint8_t*>(&reinterpret_cast<const sockaddr_in*>(entry->ifa_addr)->sin_addr));
        else if (entry->ifa_addr->sa_family == AF_INET6)
            address = Address::ipv6(reinterpret_cast<const sockaddr_in6*>(entry->ifa_addr)->sin6_addr.s6_addr);
        if (!address.unspecified() && !address.loopback()) addresses.push_back(address);
    }
    freeifaddrs(list);
    return addresses;
}

}  // namespace tcpwitness
