#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <fmt/format.h>

#include "environment/attributes.h"
#include "environment/devices.h"
#include "model/address.h"

namespace tcpwitness {

namespace {

constexpr std::size_t most_routes = 500;  // of a family; a host that holds the Internet's routes is no good reading

std::string address_text(std::string_view bytes) {
    const auto* data = reinterpret_cast<const std::uint8_t*>(bytes.data());
    if (bytes.size() == 4) return Address::ipv4(data).text();
    if (bytes.size() == 16) return Address::ipv6(data).text();
    return "?";
}

std::string prefix_text(const Attributes& of, std::uint16_t type, unsigned length, const char* otherwise) {
    const auto found = of.find(type);
    if (!found) return otherwise;
    const bool host = length == found->data.size() * 8;
    return address_text(found->data) + (host ? "" : fmt::format("/{}", length));
}


std::string hop_text(const Attributes& hop, std::uint32_t device, const Devices& devices) {
    std::string text;
    if (const auto gateway = hop.find(RTA_GATEWAY)) text = "via " + address_text(gateway->data);
    if (const auto via = hop.find(RTA_VIA); via && via->data.size() > 2) text = "via " + address_text(via->data.substr(2));
    if (device) text += (text.empty() ? "dev " : " dev ") + device_name(devices, device);
    return text;
}

std::string hops_text(const Attributes& route, const Devices& devices) {
    const auto several = route.find(RTA_MULTIPATH);
    if (!several) return hop_text(route, route.number<std::uint32_t>(RTA_OIF), devices);
    std::string text;
    std::string_view left = several->data;
    while (left.size() >= sizeof(rtnexthop)) {
        rtnexthop hop;
        std::memcpy(&hop, left.data(), sizeof hop);
        if (hop.rtnh_len < sizeof hop || hop.rtnh_len > left.size()) break;
        const Attributes attributes(left.substr(sizeof hop, hop.rtnh_len - sizeof hop));
        text += (text.empty() ? "" : ", ") + hop_text(attributes, static_cast<std::uint32_t>(hop.rtnh_ifindex), devices);
        left.remove_prefix(std::min<std::size_t>(RTNH_ALIGN(hop.rtnh_len), left.size()));
    }
    return text;
}

/// What a route that leads nowhere does to a packet; nothing for one that leads somewhere.
const char* dead_end(std::uint8_t type) {
    switch (type) {
        case RTN_BLACKHOLE: return "blackhole";
        case RTN_UNREACHABLE: return "unreachable";
        case RTN_PROHIBIT: return "prohibit";
        case RTN_THROW: return "throw";
        default: return nullptr;
    }
}

Status add_family(Netlink& netlink, std::uint8_t family, const Devices& devices, Facts& facts) {
    rtmsg request{};
    request.rtm_family = family;
    std::size_t count = 0;
    return netlink.dump(RTM_GETROUTE, bytes_of(request), [&](std::uint16_t, std::string_view message) {
        rtmsg head;
        const Attributes route = take_header(message, head);
        const std::uint32_t table = route.find(RTA_TABLE) ? route.number<std::uint32_t>(RTA_TABLE) : head.rtm_table;
        // Of the table `local` only what somebody put there: transparent proxies do.
        const bool by_kernel = table == RT_TABLE_LOCAL && head.rtm_protocol == RTPROT_KERNEL;
        if (by_kernel || head.rtm_flags & RTM_F_CLONED || head.rtm_type == RTN_MULTICAST || head.rtm_type == RTN_ANYCAST || head.rtm_type == RTN_BROADCAST) return true;
        if (++count > most_routes) {
            facts.add("route", family == AF_INET ? "ipv4 ..." : "ipv6 ...", fmt::format("more than {}; the others are not listed", most_routes));
            return false;
        }
        std::string name = fmt::format("{} {}", table_name(table), prefix_text(route, RTA_DST, head.rtm_dst_len, family == AF_INET ? "default" : "default (IPv6)"));
        if (head.rtm_src_len) name += " from " + prefix_text(route, RTA_SRC, head.rtm_src_len, "all");
        if (head.rtm_tos) name += fmt::format(" tos {:#x}", head.rtm_tos);
        if (const std::uint32_t metric = route.number<std::uint32_t>(RTA_PRIORITY)) name += fmt::format(" metric {}", metric);
        // IPv6 keeps one route to a prefix for each device.
        if (family == AF_INET6) name += " dev " + device_name(devices, route.number<std::uint32_t>(RTA_OIF));
        std::string value = hops_text(route, devices);
        if (const char* dead = dead_end(head.rtm_type)) value = dead;
        if (head.rtm_type == RTN_LOCAL) value = "local " + value;
        if (const auto source = route.find(RTA_PREFSRC)) value += " src " + address_text(source->data);
        const Attributes metrics = route.nested(RTA_METRICS);
        if (const std::uint32_t mtu = metrics.number<std::uint32_t>(RTAX_MTU)) value += fmt::format(" mtu {}", mtu);
        if (head.rtm_flags & RTNH_F_LINKDOWN) value += ", link down";
        facts.add("route", name, value);
        return true;
    });
}

const char* action_text(std::uint8_t action) {
    switch (action) {
        case FR_ACT_GOTO: return "goto";
        case FR_ACT_NOP: return "nop";
        case FR_ACT_BLACKHOLE: return "blackhole";
        case FR_ACT_UNREACHABLE: return "unreachable";
        case FR_ACT_PROHIBIT: return "prohibit";
        default: return "lookup";
    }
}

}  // namespace

Status add_routes(Netlink& netlink, const Devices& devices, Facts& facts) {
    if (const Status read = add_family(netlink, AF_INET, devices, facts); !read) return read;
    return add_family(netlink, AF_INET6, devices, facts);
}

Status add_routing_rules(Netlink& netlink, const Devices&, Facts& facts) {
    for (const std::uint8_t family : {AF_INET, AF_INET6}) {
        fib_rule_hdr request{};
        request.family = family;
        const Status read = netlink.dump(RTM_GETRULE, bytes_of(request), [&](std::uint16_t, std::string_view message) {
            fib_rule_hdr head;
            const Attributes rule = take_header(message, head);
            std::string condition = "from " + prefix_text(rule, FRA_SRC, head.src_len, "all");
            if (head.dst_len) condition += " to " + prefix_text(rule, FRA_DST, head.dst_len, "all");
            if (const std::string device = rule.text(FRA_IIFNAME); !device.empty()) condition += " iif " + device;
            if (const std::string device = rule.text(FRA_OIFNAME); !device.empty()) condition += " oif " + device;
            if (const std::uint32_t mark = rule.number<std::uint32_t>(FRA_FWMARK)) condition += fmt::format(" fwmark {:#x}", mark);
            if (head.flags & FIB_RULE_INVERT) condition = "not " + condition;
            const std::uint32_t table = rule.find(FRA_TABLE) ? rule.number<std::uint32_t>(FRA_TABLE) : head.table;
            std::string what = action_text(head.action);
            if (head.action == FR_ACT_TO_TBL) what += " " + table_name(table);
            facts.add("rule", fmt::format("{} {} {}", family == AF_INET ? "ipv4" : "ipv6", rule.number<std::uint32_t>(FRA_PRIORITY), condition), what);
            return true;
        });
        if (!read) return read;
    }
    return success();
}

}  // namespace tcpwitness
