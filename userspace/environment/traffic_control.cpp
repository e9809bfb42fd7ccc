#include "environment/traffic_control.h"

#include <arpa/inet.h>
#include <linux/gen_stats.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <linux/tc_act/tc_gact.h>
#include <linux/tc_act/tc_mirred.h>

#include <vector>

#include <fmt/format.h>

#include "base/text.h"
#include "environment/attributes.h"
#include "environment/bpf_programs.h"

namespace tcpwitness {

namespace {

struct Qdisc {
    std::uint32_t device = 0, handle = 0, parent = 0;
    std::string kind;
};

std::string handle_text(std::uint32_t handle) {
    if (handle == TC_H_ROOT) return "root";
    if (handle == TC_H_INGRESS) return "ingress";
    return fmt::format("{:x}:{}", handle >> 16, handle & 0xffff ? fmt::format("{:x}", handle & 0xffff) : "");
}

std::string percent_text(std::uint32_t of_all) { return fmt::format("{:.3g} %", of_all * 100.0 / UINT32_MAX); }

/// What netem does on purpose.
std::string netem_text(const Attribute& options) {
    tc_netem_qopt fixed;
    const Attributes more = take_header(options.data, fixed);
    std::string text = "netem";
    if (const auto delay = more.number<std::int64_t>(TCA_NETEM_LATENCY64)) text += " delay " + duration_text(static_cast<std::uint64_t>(delay));
    if (const auto jitter = more.number<std::int64_t>(TCA_NETEM_JITTER64)) text += " jitter " + duration_text(static_cast<std::uint64_t>(jitter));
    if (fixed.loss) text += " loss " + percent_text(fixed.loss);
    if (fixed.duplicate) text += " duplicate " + percent_text(fixed.duplicate);
    return text;
}

bool holds_nothing(const std::string& kind) { return kind == "noqueue" || kind == "noop"; }

Result<std::vector<Qdisc>> add_qdiscs(Netlink& route, const Devices& devices, Facts& facts) {
    std::vector<Qdisc> all;
    const tcmsg request{};
    const Status read = route.dump(RTM_GETQDISC, bytes_of(request), [&](std::uint16_t, std::string_view message) {
        tcmsg head;
        const Attributes qdisc = take_header(message, head);
        const Qdisc& one = all.emplace_back(Qdisc{static_cast<std::uint32_t>(head.tcm_ifindex), head.tcm_handle, head.tcm_parent, qdisc.text(TCA_KIND)});
        if (holds_nothing(one.kind)) return true;
        const auto options = qdisc.find(TCA_OPTIONS);
        const std::string name = fmt::format("{} {}", device_name(devices, one.device), handle_text(one.parent));
        facts.add("qdisc", name, one.kind == "netem" && options ? netem_text(*options) : one.kind);
        if (const auto stats = qdisc.nested(TCA_STATS2).find(TCA_STATS_QUEUE)) {
            const auto queue = stats->number<gnet_stats_queue>();
            facts.count("qdisc_drops", name, std::to_string(queue.drops));
        }
        return true;
    });
    if (!read) return read.error();
    return all;
}

std::string action_text(const Attributes& action) {
    const std::string kind = action.text(TCA_ACT_KIND);
    const Attributes options = action.nested(TCA_ACT_OPTIONS);
    if (kind == "gact") {
        const auto parameters = options.find(TCA_GACT_PARMS);
        const int what = parameters ? parameters->number<tc_gact>().action : TC_ACT_UNSPEC;
        return what == TC_ACT_SHOT ? "drop" : what == TC_ACT_OK ? "pass" : what == TC_ACT_STOLEN ? "steal" : "gact";
    }
    if (kind == "mirred") {
        const auto parameters = options.find(TCA_MIRRED_PARMS);
        const int what = parameters ? parameters->number<tc_mirred>().eaction : 0;
        return what == TCA_EGRESS_REDIR || what == TCA_INGRESS_REDIR ? "redirect" : "mirror";
    }
    return kind;
}

/// Each classifier has a number of its own for its list of actions.
std::uint16_t actions_of(const std::string& kind) {
    if (kind == "u32") return TCA_U32_ACT;
    if (kind == "bpf") return TCA_BPF_ACT;
    if (kind == "flower") return TCA_FLOWER_ACT;
    if (kind == "matchall") return TCA_MATCHALL_ACT;
    if (kind == "basic") return TCA_BASIC_ACT;
    if (kind == "fw") return TCA_FW_ACT;
    return 0;
}

std::string filter_text(const std::string& kind, const Attributes& options) {
    std::string text = kind;
    if (kind == "bpf") {
        const std::uint32_t id = options.number<std::uint32_t>(TCA_BPF_ID);
        text = fmt::format("BPF program {}", id ? program_text(id) : options.text(TCA_BPF_NAME));
        if (options.number<std::uint32_t>(TCA_BPF_FLAGS) & TCA_BPF_FLAG_ACT_DIRECT) text += ", decides itself";
    }
    if (const std::uint16_t actions = actions_of(kind))
        for (const Attribute& each : options.nested(actions))
            if (const std::string action = action_text(each.nested()); !action.empty()) text += ", action " + action;
    return text;
}

const char* protocol_text(std::uint16_t protocol) {
    switch (protocol) {
        case ETH_P_ALL: return "all";
        case ETH_P_IP: return "ip";
        case ETH_P_IPV6: return "ipv6";
        default: return "other";
    }
}

Status add_filters(Netlink& route, const Devices& devices, std::uint32_t device, std::uint32_t parent, const std::string& place, Facts& facts) {
    tcmsg request{};
    request.tcm_ifindex = static_cast<int>(device);
    request.tcm_parent = parent;
    return route.dump(RTM_GETTFILTER, bytes_of(request), [&](std::uint16_t, std::string_view message) {
        tcmsg head;
        const Attributes filter = take_header(message, head);
        const std::string kind = filter.text(TCA_KIND);
        const auto options = filter.find(TCA_OPTIONS);
        if (!options || head.tcm_handle == 0) return true;  // the list's own head, not a filter
        facts.add("tc_filter",
                  fmt::format("{} {} pref {} {} {:#x}", device_name(devices, device), place, head.tcm_info >> 16,
                              protocol_text(ntohs(static_cast<std::uint16_t>(head.tcm_info))), head.tcm_handle),
                  filter_text(kind, options->nested()));
        return true;
    });
}

void add_tcx(const Devices& devices, Facts& facts) {
    for (const auto& [index, device] : devices) {
        const DevicePrograms programs = tcx_programs(index);
        if (programs.ingress) facts.add("tc_filter", device.name + " ingress tcx", "BPF program " + program_text(programs.ingress));
        if (programs.egress) facts.add("tc_filter", device.name + " egress tcx", "BPF program " + program_text(programs.egress));
    }
}

}  // namespace

Status add_traffic_control(Netlink& route, const Devices& devices, Facts& facts) {
    const auto qdiscs = add_qdiscs(route, devices, facts);
    if (!qdiscs) return qdiscs.error();
    for (const Qdisc& one : *qdiscs) {
        if (holds_nothing(one.kind)) continue;
        if (one.kind == "clsact" || one.kind == "ingress") {
            if (const Status read = add_filters(route, devices, one.device, TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS), "ingress", facts); !read) return read;
            if (one.kind == "ingress") continue;
            if (const Status read = add_filters(route, devices, one.device, TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_EGRESS), "egress", facts); !read) return read;
        } else if (one.handle) {
            if (const Status read = add_filters(route, devices, one.device, one.handle, handle_text(one.handle), facts); !read) return read;
        }
    }
    add_tcx(devices, facts);
    return success();
}

}  // namespace tcpwitness
