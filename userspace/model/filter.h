// Which sockets a command is about. The same values go into the kernel (live) and are applied to what a trace holds (report).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/address.h"
#include "model/event.h"

namespace tcpwitness {

enum class Side : std::uint8_t { either, local, peer };

struct PortRange {
    std::uint16_t first = 0, last = 0;
    bool holds(std::uint16_t port) const { return port >= first && port <= last; }
    bool operator==(const PortRange&) const = default;
};

struct Prefix {
    Address address;  ///< already masked
    unsigned length = 0;
    bool holds(const Address& other) const;
    std::string text() const;
};

/// Values of one list: any of them. Lists with values: all of them.
struct Filter {
    std::vector<PortRange> ports[3];     ///< by Side
    std::vector<Prefix> hosts[3];        ///< by Side
    std::vector<std::uint32_t> pids;
    std::vector<std::string> comms;      ///< whole names, as the kernel keeps them (15 characters)
    std::vector<std::uint32_t> netns;    ///< inode numbers
    std::optional<std::uint64_t> since_wall_ns, until_wall_ns;

    bool empty() const;
    bool by_task() const { return !pids.empty() || !comms.empty(); }
    bool by_flow() const;
    bool by_socket() const { return by_flow() || by_task() || !netns.empty(); }  ///< not by time alone

    /// The flow lists only. Parts of a flow that are not known (port 0, unspecified address) pass.
    bool flow(const Flow&) const;
    /// The same of what a connection's flow came to in the end: a port that nobody ever learnt is none of those asked for.
    bool whole_flow(const Flow&) const;
    bool task(const Task&) const;
    bool namespace_wanted(std::uint32_t inum) const;
};

/// "443", "443,8080" and "8000-8100", added to `ranges`.
Status parse_ports(std::string_view text, std::vector<PortRange>& ranges);
/// "192.0.2.1", "192.0.2.0/24", "2001:db8::/32", added to `prefixes`.
Status parse_prefix(std::string_view text, std::vector<Prefix>& prefixes);

}  // namespace tcpwitness
