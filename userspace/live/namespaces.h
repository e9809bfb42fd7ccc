// Network namespaces: what people call them, and how to look into one without changing this process.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "model/address.h"

namespace tcpwitness {

/// Inode number of a namespace file ("/run/netns/edge", "/proc/self/ns/net"); 0 when it cannot be read.
std::uint32_t namespace_inum(const std::string& path);

/// The namespace that --netns names: a name below /run/netns, a pid, or an inode number.
Result<std::uint32_t> find_namespace(const std::string& name_pid_or_inum);

/// A file that keeps the namespace and lets a thread enter it, and where it was found.
struct NamespaceFile {
    Fd file;
    std::string path;
};
/// Looks at a path, or a name below /run/netns, first; then at every process.
NamespaceFile open_namespace(std::uint32_t inum, const std::string& name_or_path);

/// Names by inode number: the caller's own (`host`), those of /run/netns, and those that were given.
class Namespaces {
public:
    explicit Namespaces(std::map<std::uint32_t, std::string> given = {});

    /// "edge"; the host's name for the namespace this process is in; "" when nobody gave it a name.
    std::string name(std::uint32_t inum);

    /// A file that keeps the namespace and lets a thread enter it: from /run/netns, else from a process that is in it.
    Fd open(std::uint32_t inum) const;

    /// Namespaces that can be entered now: this process's own, /run/netns, the given ones.
    std::vector<std::uint32_t> all();

private:
    void read_run_netns();
    std::map<std::uint32_t, std::string> names_;
    mutable std::map<std::uint32_t, std::string> seen_at_;  ///< a process's file, to look there first the next time
};

/// Runs `work` in a thread of its own inside the namespace. False when it cannot be entered.
bool in_namespace(const Fd& netns, const std::function<void()>& work);

/// The addresses of the namespace the calling thread is in, loopback left out.
std::vector<Address> network_addresses();

}  // namespace tcpwitness
