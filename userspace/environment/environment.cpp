#include "environment/environment.h"

#include <linux/netlink.h>

#include <fstream>
#include <sstream>

#include <fmt/format.h>

#include "environment/devices.h"
#include "environment/host.h"
#include "environment/sysctls.h"
#include "environment/traffic_control.h"

namespace tcpwitness {

namespace {

/// Tables of the older iptables, which live beside nftables' own; asking for one that is not there would make the kernel create it.
void add_iptables(const char* family, const std::string& path, Facts& facts) {
    std::ifstream names(path);
    for (std::string name; std::getline(names, name);) facts.add("iptables_table", fmt::format("{} {}", family, name), "of iptables-legacy; its rules are not listed");
}

void add_routing(Facts& facts) {
    auto netlink = Netlink::open(NETLINK_ROUTE);
    if (!netlink) return facts.unreadable("device", "", netlink.error().message);
    const auto devices = add_devices(*netlink, facts);
    if (!devices) return facts.unreadable("device", "", devices.error().message);
    facts.check(add_addresses(*netlink, *devices, facts), "address");
    facts.check(add_routes(*netlink, *devices, facts), "route");
    facts.check(add_routing_rules(*netlink, *devices, facts), "rule");
    facts.check(add_traffic_control(*netlink, *devices, facts), "qdisc");
}

}  // namespace

Facts HostEnvironment::look() {
    Facts facts;
    std::ifstream modules("/proc/modules");  // missing where the kernel has none
    std::stringstream text;
    if (modules) text << modules.rdbuf();
    add_modules(text.str(), facts);
    add_security_modules(facts);
    add_clocks(facts);
    programs_.add_to(facts);
    return facts;
}

Facts NamespaceEnvironment::look(bool counters) {
    Facts facts;
    for (const auto& [name, value] : network_sysctls()) facts.add("sysctl", name, value);
    add_routing(facts);
    nft_.add_to(facts, counters);
    add_iptables("ipv4", "/proc/thread-self/net/ip_tables_names", facts);
    add_iptables("ipv6", "/proc/thread-self/net/ip6_tables_names", facts);
    return facts;
}

}  // namespace tcpwitness
