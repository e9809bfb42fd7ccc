// The demo's three hosts, as network namespaces that no name and no file keeps: they live as long as the processes in them.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/result.h"

namespace tcpwitness {

/// A network namespace held by a process that does nothing else and dies with this program, however that ends.
class DemoHost {
public:
    static Result<DemoHost> start(const std::string& name);
    DemoHost(DemoHost&&) noexcept;
    ~DemoHost();

    const std::string& name() const { return name_; }
    pid_t pid() const { return pid_; }
    std::uint32_t netns() const { return netns_; }

    /// Runs a program inside, with `input` on its stdin. The error holds what it said on stderr.
    Status run(const std::vector<std::string>& command, const std::string& input = {}) const;
    Status sysctl(const std::string& name, const std::string& value) const;

    /// Forks a process that runs `work` inside and dies with this program. Returns its pid.
    Result<pid_t> spawn(const std::function<int()>& work) const;
    /// Moves the calling process into the namespace.
    bool enter() const;

private:
    DemoHost() = default;
    std::string name_;
    pid_t pid_ = -1;
    std::uint32_t netns_ = 0;
    Fd file_;
};

/// edge -- mid -- fe, IPv4, with the rule in mid that answers fe's SYN-ACKs with a RST. Members in acquisition order.
struct DemoNet {
    DemoHost edge, mid, fe;
    static Result<DemoNet> build();
    std::map<std::uint32_t, std::string> names() const;

    static constexpr const char* edge_address = "10.0.1.2";
    static constexpr const char* fe_address = "10.0.2.2";
    static constexpr std::uint16_t port = 5061;
};

}  // namespace tcpwitness
