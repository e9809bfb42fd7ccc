#include "environment/devices.h"

#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/socket.h>

#include <fmt/format.h>

#include "base/text.h"
#include "environment/attributes.h"
#include "environment/bpf_programs.h"
#include "environment/xdp_counters.h"
#include "model/address.h"

namespace tcpwitness {

namespace {

std::string hardware_address(std::string_view bytes) {
    std::string text;
    for (const char byte : bytes) text += fmt::format("{}{:02x}", text.empty() ? "" : ":", static_cast<unsigned char>(byte));
    return text;
}

std::string xdp_text(const Attributes& xdp) {
    const char* how = nullptr;
    switch (xdp.number<std::uint8_t>(IFLA_XDP_ATTACHED)) {
        case XDP_ATTACHED_NONE: return {};
        case XDP_ATTACHED_DRV: how = "in the driver"; break;
        case XDP_ATTACHED_SKB: how = "generic"; break;
        case XDP_ATTACHED_HW: how = "in hardware"; break;
        default: how = "several modes"; break;
    }
    std::uint32_t program = xdp.number<std::uint32_t>(IFLA_XDP_PROG_ID);
    for (const int each : {IFLA_XDP_DRV_PROG_ID, IFLA_XDP_SKB_PROG_ID, IFLA_XDP_HW_PROG_ID})
        if (!program) program = xdp.number<std::uint32_t>(static_cast<std::uint16_t>(each));
    return fmt::format("BPF program {}, {}", program_text(program), how);
}

}  // namespace

std::string device_name(const Devices& devices, std::uint32_t index) {
    const auto found = devices.find(index);
    return found == devices.end() ? fmt::format("device {}", index) : found->second.name;
}

Result<Devices> add_devices(Netlink& route, Facts& facts) {
    Devices devices;
    std::map<std::uint32_t, std::uint32_t> masters;
    std::map<std::uint32_t, std::string> values;
    const ifinfomsg request{};
    const Status read = route.dump(RTM_GETLINK, bytes_of(request), [&](std::uint16_t, std::string_view message) {
        ifinfomsg head;
        const Attributes link = take_header(message, head);
        const auto index = static_cast<std::uint32_t>(head.ifi_index);
        Device& device = devices[index];
        device.name = link.text(IFLA_IFNAME);
        device.kind = link.nested(IFLA_LINKINFO).text(IFLA_INFO_KIND);
        std::string& value = values[index];
        value = head.ifi_flags & IFF_UP ? head.ifi_flags & IFF_RUNNING ? "up" : "up, no carrier" : "down";
        if (!device.kind.empty()) value += ", " + device.kind;
        value += fmt::format(", mtu {}", link.number<std::uint32_t>(IFLA_MTU));
        if (const auto address = link.find(IFLA_ADDRESS); address && address->data.size() == 6 && !(head.ifi_flags & IFF_LOOPBACK))
            value += ", " + hardware_address(address->data);
        if (head.ifi_flags & IFF_PROMISC) value += ", promiscuous";
        if (link.find(IFLA_CARRIER_DOWN_COUNT) && !(head.ifi_flags & IFF_LOOPBACK))  // also what was down between two looks only
            facts.add("carrier", device.name, "lost " + count_text(link.number<std::uint32_t>(IFLA_CARRIER_DOWN_COUNT), "time", "times"));
        masters[index] = link.number<std::uint32_t>(IFLA_MASTER);
        const Attributes xdp = link.nested(IFLA_XDP);
        if (const std::string text = xdp_text(xdp); !text.empty()) {
            facts.add("xdp", device.name, text);
            if (const auto taken = xdp_takes(device.name)) facts.count("xdp_counter", device.name, fmt::format("{} packets taken", *taken));
        }
        return true;
    });
    if (!read) return read.error();
    for (const auto& [index, value] : values) {
        const std::uint32_t master = masters[index];
        facts.add("device", devices[index].name, master ? fmt::format("{}, part of {}", value, device_name(devices, master)) : value);
    }
    return devices;
}

Status add_addresses(Netlink& route, const Devices& devices, Facts& facts) {
    const ifaddrmsg request{};
    return route.dump(RTM_GETADDR, bytes_of(request), [&](std::uint16_t, std::string_view message) {
        ifaddrmsg head;
        const Attributes address = take_header(message, head);
        auto own = address.find(IFA_LOCAL);
        if (!own) own = address.find(IFA_ADDRESS);
        if (!own) return true;
        const auto* bytes = reinterpret_cast<const std::uint8_t*>(own->data.data());
        std::string text;
        if (head.ifa_family == AF_INET && own->data.size() == 4) text = Address::ipv4(bytes).text();
        if (head.ifa_family == AF_INET6 && own->data.size() == 16) text = Address::ipv6(bytes).text();
        if (text.empty()) return true;
        const std::uint32_t flags = address.find(IFA_FLAGS) ? address.number<std::uint32_t>(IFA_FLAGS) : head.ifa_flags;
        std::string state;
        if (flags & IFA_F_TENTATIVE) state = "tentative";
        if (flags & IFA_F_DADFAILED) state = "duplicate address detection failed";
        if (flags & IFA_F_DEPRECATED) state = "deprecated";
        facts.add("address", fmt::format("{} {}/{}", device_name(devices, head.ifa_index), text, head.ifa_prefixlen), state);
        return true;
    });
}

}  // namespace tcpwitness
