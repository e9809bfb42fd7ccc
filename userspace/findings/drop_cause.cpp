#include "findings/drop_cause.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "findings/device_facts.h"
#include "findings/drop_symptoms.h"
#include "findings/facts.h"
#include "findings/packet_filter_rule.h"
#include "findings/way_back.h"

namespace tcpwitness {

namespace {

/// Rules of their own tell these: no route, no neighbour, a full accept queue, a segment beyond the path's MTU.
bool told_elsewhere(const Drop& drop) {
    return drop.icmp || drop.without_route() || drop.reason == "NEIGH_FAILED" || drop.reason == "TCP_LISTEN_OVERFLOW" ||
           drop.reason == "PKT_TOO_BIG";
}

/// "net.ipv4.ip_forward": the packet was for another host, and this one is set not to pass packets on; null: it is not that.
const char* not_forwarding(const Story& story, const Event& event) {
    const Drop& drop = *event.as<Drop>();
    const bool v6 = event.flow.local.address.family == Address::Family::ipv6;
    if (drop.outgoing || drop.has_socket || drop.place != (v6 ? "ip6_forward" : "ip_error") || event.witness >= story.witnesses.size()) return nullptr;
    const char* name = v6 ? "net.ipv6.conf.all.forwarding" : "net.ipv4.ip_forward";
    const auto& sysctls = story.witnesses[event.witness].sysctls;
    const auto value = sysctls.find(name);
    return value != sysctls.end() && value->second == "0" ? name : nullptr;
}

/// It came in, was for another host, and no route leads there.
bool nowhere_to_go(const Drop& drop) { return drop.reason == "IP_INNOROUTES"; }

/// A device there that went within the last minute, or while packets had nowhere to go: most routes go with their device.
std::optional<DeviceTrouble> route_went_with(const Story& story, const Event& event) {
    constexpr std::uint64_t minute_ns = 60'000'000'000;
    if (!nowhere_to_go(*event.as<Drop>())) return std::nullopt;
    return device_went(story, event.witness, event.time_ns - std::min(event.time_ns, minute_ns), event.time_ns);
}

/// What somebody set there, as the kernel's reason tells it, in words that are no kernel's.
struct Setting {
    std::string_view reason;
    const char* text;
};
constexpr Setting settings[] = {
    {"TCP_MD5NOTFOUND", "a socket there demands TCP-MD5 signatures (a BGP password), and they carry none"},
    {"TCP_MD5UNEXPECTED", "they carry a TCP-MD5 signature, and no socket there has a password for it"},
    {"TCP_MD5FAILURE", "their TCP-MD5 signature does not fit the password there"},
    {"TCP_MINTTL", "the socket there takes only packets with a higher TTL (TTL security)"},
    {"IP_LOCAL_SOURCE", "they carry an address of that host itself as their source"},
    {"XFRM_POLICY", "its IPsec policy takes them only encrypted"},
};

const char* setting_text(const Drop& drop) {
    const auto row = std::find_if(std::begin(settings), std::end(settings), [&](const Setting& one) { return one.reason == drop.reason; });
    return row == std::end(settings) ? nullptr : row->text;
}

/// A BPF program of a control group that looks at packets, of the whole host: SOCKET_FILTER may be its doing, or that of a filter on the socket itself.
const Environment* group_filter(const Story& story) {
    for (const Event& event : story.environment)
        if (const Environment* fact = event.as<Environment>(); fact && fact->topic == "bpf_program" && fact->after.starts_with("cgroup packet")) return fact;
    return nullptr;
}

Culprit culprit_of(const Story& story, const Event& event) {
    const Drop& drop = *event.as<Drop>();
    if (spoilt(drop) || stale(drop) || expired(drop)) return Culprit::path;
    if (drop.by_packet_filter()) return Culprit::local_firewall;
    if (drop.reason == "XDP" || drop.reason == "TC_INGRESS" || drop.reason == "TC_EGRESS" || drop.reason == "BPF_CGROUP_EGRESS") return Culprit::local_firewall;
    if (drop.reason == "SOCKET_FILTER") return group_filter(story) ? Culprit::local_firewall : Culprit::local_application;
    if (setting_text(drop) || nowhere_to_go(drop)) return Culprit::local_configuration;
    if (drop.reason == "IP_RPFILTER" || not_forwarding(story, event) || device_trouble(story, event.witness, drop.device, event.time_ns)) return Culprit::local_configuration;
    return Culprit::local_kernel;
}

/// The program that a drop by tc or XDP was, as far as the recorded configuration tells: "the tc filter eth0 ingress ... (BPF program 7 (guard))".
std::string program_text(const Story& story, const Event& event) {
    const Drop& drop = *event.as<Drop>();
    const bool xdp = drop.reason == "XDP";
    if (drop.device.empty() || (!xdp && drop.reason != "TC_INGRESS" && drop.reason != "TC_EGRESS")) return {};
    const std::string on = xdp ? drop.device : drop.device + (drop.reason == "TC_INGRESS" ? " ingress" : " egress");
    std::vector<const Environment*> there;
    for (const Event* fact : facts_then(story, event.witness, xdp ? "xdp" : "tc_filter", event.time_ns, event.time_ns))
        if (const Environment& one = *fact->as<Environment>(); one.what != Environment::What::unreadable && (one.name == on || one.name.starts_with(on + " "))) there.push_back(&one);
    if (there.empty()) return {};
    if (there.size() > 1) return fmt::format("one of its {} on {}", count_text(there.size(), "filter", xdp ? "XDP programs" : "tc filters"), printable(on));
    return fmt::format("its {} {} ({})", xdp ? "XDP program on" : "tc filter", printable(there.front()->name), printable(there.front()->after));
}

/// "its packet filter (output hook; table inet t, chain o, handle 4: tcp dport 5061 drop)", "strict rp_filter on eth1", "QDISC_DROP in ...".
std::string cause_text(const Story& story, const Event& event) {
    const Drop& drop = *event.as<Drop>();
    const std::string device = drop.device.empty() ? "" : " on " + printable(drop.device);
    if (spoilt(drop)) return fmt::format("their checksums were wrong ({}){}", printable(drop.reason), device);
    if (stale(drop)) return fmt::format("their timestamps were older than those before ({})", printable(drop.reason));
    if (expired(drop)) return fmt::format("their hop limit had run out (it was 1){}", device);
    if (drop.reason == "IP_RPFILTER") return "strict rp_filter" + device;
    if (const char* sysctl = not_forwarding(story, event)) return fmt::format("it does not forward packets ({} is 0){}", sysctl, device);
    if (const auto trouble = device_trouble(story, event.witness, drop.device, event.time_ns)) return trouble->text;
    if (nowhere_to_go(drop)) {
        const Address& to = event.flow.local.address;
        const auto dead = dead_end(story, event.witness, to, event.time_ns);
        const auto went = route_went_with(story, event);
        return (dead ? dead->text : fmt::format("it has no route to {}", to.text())) + (went ? fmt::format(" ({})", went->text) : "");
    }
    if (const std::string program = program_text(story, event); !program.empty()) return program;
    if (drop.unqueued()) return fmt::format("a rule of its {} hands them to a program that is not there, or whose queue is full (NFQUEUE)", filter_text(story, event));
    if (const char* text = setting_text(drop)) return fmt::format("{} ({})", text, printable(drop.reason));
    if (drop.reason == "SOCKET_FILTER") {
        const Environment* program = group_filter(story);
        return program ? fmt::format("a BPF program took them out, as {} may ({}), or a filter of the socket's own (SOCKET_FILTER)", printable(program->name), printable(program->after))
                       : "a filter that its process attached to the socket took them out (SOCKET_FILTER)";
    }
    if (!drop.by_packet_filter()) return fmt::format("{} in {}{}", printable(drop.reason), printable(drop.place), device);
    if (rules_that_may_have_dropped(story, event).empty())
        if (const auto translations = translations_at(story, event); !translations.empty())
            return fmt::format("its address translation ({} hook; {}) found no free port for it", netfilter_hook(drop.caller),
                               translations.size() == 1 ? printable(translations.front()) : count_text(translations.size(), "rule", "rules"));
    return "its " + filter_text(story, event);
}

/// The filter refuses what it drops: "reject" stands in the only rule that can have done it.
bool rejects(const Story& story, const Event& event) {
    if (!event.as<Drop>()->by_packet_filter()) return false;
    const auto rules = rules_that_may_have_dropped(story, event);
    return rules.size() == 1 && rules.front().find("reject") != std::string::npos;
}

std::string packets_text(const std::vector<const Event*>& drops) {
    const Drop& drop = *drops.front()->as<Drop>();
    const bool syn = drop.syn(), syn_ack = !syn && (drop.flags & tcp_flag::syn);
    const std::string hook = netfilter_hook(drop.caller);
    const bool through = hook == "forward" || (hook == "postrouting" && !drop.outgoing);
    return count_text(drops.size(), syn ? "SYN" : syn_ack ? "SYN-ACK" : "segment", syn ? "SYNs" : syn_ack ? "SYN-ACKs" : "segments") +
           (drop.outgoing ? " on the way out" : through ? " on the way through" : " that came in");
}

}  // namespace

const Drop* relevant_drop(const Event& event) {
    const Drop* drop = event.as<Drop>();
    return drop && !told_elsewhere(*drop) ? drop : nullptr;
}

const Endpoint& dropped_source(const Event& event) { return event.as<Drop>()->outgoing ? event.flow.local : event.flow.peer; }

void add_drop_cause(Finding& f, const Story& story, const std::vector<const Event*>& drops) {
    const Event& first = *drops.front();
    const Drop& drop = *first.as<Drop>();
    const auto rules = drop.by_packet_filter() ? rules_that_may_have_dropped(story, first) : std::vector<std::string>{};
    f.headline += fmt::format(" because {} {} {}: {}", place(story, first.witness), rejects(story, first) ? "rejected" : "dropped", packets_text(drops), cause_text(story, first));
    f.reasons.push_back(fmt::format("the kernel freed each with reason {} in {}{}", printable(drop.reason), printable(drop.place),
                                    drop.caller.empty() ? "" : ", called by " + printable(drop.caller)));
    if (rules.size() == 1) f.reasons.push_back("no other rule of that hook drops such a packet, as far as the recorded ruleset tells");
    if (rules.size() == 1 && limits(rules.front())) f.reasons.push_back("that rule counts: it lets a number of packets pass and drops those beyond, whoever sends them");
    for (std::size_t i = 0; rules.size() > 1 && i < std::min<std::size_t>(rules.size(), 5); ++i) f.reasons.push_back("it may have been " + printable(rules[i]));
    if (drop.by_packet_filter() && rules.empty()) f.reasons.push_back("the kernel does not tell which rule it was; `nft list ruleset` there shows those of that hook");
    if (spoilt(drop)) f.reasons.push_back("that is a symptom: the packets were damaged before they arrived, by the path or by a checksum that their sender left to its device");
    if (stale(drop)) f.reasons.push_back("that is a symptom: a device on the path rewrites timestamps for part of the packets, or several hosts send behind one address");
    if (expired(drop)) f.reasons.push_back("that is a symptom: whoever sent them gave them too few hops, or routers pass them round in a loop");
    if (const auto trouble = device_trouble(story, first.witness, drop.device, first.time_ns)) cite(f, trouble->fact);
    if (const auto went = route_went_with(story, first)) {
        f.cause_ns = std::min(f.cause_ns ? f.cause_ns : f.first_ns, went->fact->time_ns);
        cite(f, went->fact);
    }
    cite(f, drops);
}

Culprit culprit_of_drop(const Story& story, const Event& drop) { return culprit_of(story, drop); }

void judge_drop(Finding& f, const Story& story, const Event& drop, const Proof& told_by_kernel, bool each_try) {
    f.culprit = culprit_of(story, drop);
    if (spoilt(*drop.as<Drop>())) {
        f.settle = "capture on both sides and compare the checksums; try without checksum offload (ethtool -K DEVICE tx off rx off)";
        return;
    }
    if (stale(*drop.as<Drop>())) {
        f.settle = "capture on both sides and compare the timestamps of the same segments";
        return;
    }
    if (expired(*drop.as<Drop>())) {
        f.settle = fmt::format("record on {} at the same time: it tells which hop limit its packets leave with", dropped_source(drop).address.text());
        return;
    }
    if (drop.as<Drop>()->reason == "SOCKET_FILTER") {
        f.certainty = Certainty::likely;
        f.settle = "look at the filters of its sockets (`ss -ltnpe --bpf`), and at BPF programs of its control groups (`bpftool cgroup tree`)";
        return;
    }
    prove(f, told_by_kernel, each_try ? others({Other::other_cause}) : 0);
}

}  // namespace tcpwitness
