#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "base/result.h"
#include "environment/facts.h"
#include "environment/netlink.h"

namespace tcpwitness {

struct Device {
    std::string name;
    std::string kind;             ///< "veth", "bridge", "tun"; empty for hardware
    std::uint32_t xdp_program = 0;
};
using Devices = std::map<std::uint32_t, Device>;  ///< by index

/// "eth0", or "device 7" where nobody has that index here.
std::string device_name(const Devices&, std::uint32_t index);

/// Topics `device` and `xdp`.
Result<Devices> add_devices(Netlink& route, Facts&);

/// Topic `address`.
Status add_addresses(Netlink& route, const Devices&, Facts&);

/// Topics `route` and `rule` (policy routing).
Status add_routes(Netlink& route, const Devices&, Facts&);
Status add_routing_rules(Netlink& route, const Devices&, Facts&);

}  // namespace tcpwitness
