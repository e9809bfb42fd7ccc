#include "parsers/trace_context.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"

namespace tcpwitness {

namespace {

bool take_prefix(std::string_view& text, std::string_view prefix) {
    if (!text.starts_with(prefix)) return false;
    text.remove_prefix(prefix.size());
    return true;
}

void set_number(std::uint64_t& target, std::string_view value) {
    if (const auto number = parse_number<std::uint64_t>(value)) target = *number;
}

}  // namespace

std::string clean(std::string_view text) {
    const bool plain = std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
    return plain ? std::string(text) : printable(text);
}

void TraceContext::learn_lines(std::string_view text) {
    for (const std::string_view line : split(text, '\n')) learn_line(line);
}

void TraceContext::learn_line(std::string_view line) {
    const std::size_t equals = line.find('=');
    if (equals != std::string_view::npos && equals > 0) learn(line.substr(0, equals), line.substr(equals + 1));
}

void TraceContext::learn(std::string_view key, std::string_view raw_value) {
    std::string value = clean(trim(raw_value));  // mergecap puts blanks at the ends of comments
    std::string_view rest = key;
    if (key == "boot_id" && !info_.boot_id.empty() && info_.boot_id != value) mixed_ = true;
    if (key == "started_ns" && info_.started_ns != 0 && std::to_string(info_.started_ns) != value) mixed_ = true;

    if (key == "tool") info_.tool = value;
    else if (key == "host") info_.host = value;
    else if (key == "kernel") info_.kernel = value;
    else if (key == "boot_id") info_.boot_id = value;
    else if (key == "command") info_.command = value;
    else if (key == "clock.boot_to_wall_ns") set_number(info_.boot_to_wall_ns, value);
    else if (key == "started_ns") set_number(info_.started_ns, value);
    else if (key == "ended_ns") set_number(info_.ended_ns, value);
    else if (take_prefix(rest, "netns.")) learn_namespace(rest, std::move(value));
    else if (take_prefix(rest, "cgroup.")) learn_cgroup(rest, std::move(value));
    else if (take_prefix(rest, "probe.")) learn_probe(rest, std::move(value));
    else if (take_prefix(rest, "reason.reset.")) {
        constexpr std::string_view prefix = "SK_RST_REASON_";
        if (const auto number = parse_number<std::int32_t>(rest))
            reset_reasons_[*number] = value.starts_with(prefix) ? value.substr(prefix.size()) : value;
    } else if (take_prefix(rest, "reason.drop.")) {
        constexpr std::string_view prefix = "SKB_DROP_REASON_";
        if (const auto number = parse_number<std::uint32_t>(rest))
            drop_reasons_[*number] = value.starts_with(prefix) ? value.substr(prefix.size()) : value;
    } else if (key.starts_with("withheld.")) {  // the sequence check's
    } else {
        info_.meta[clean(key)] = std::move(value);
    }
}

/// "4026531840.name", "4026531840.sysctl.net.ipv4.tcp_syn_retries"
void TraceContext::learn_namespace(std::string_view rest, std::string value) {
    const std::size_t dot = rest.find('.');
    const auto netns = parse_number<std::uint32_t>(rest.substr(0, dot));
    if (!netns || *netns == 0 || dot == std::string_view::npos) return;
    rest.remove_prefix(dot + 1);
    Witness& witness = info_.witnesses[this->witness(*netns)];
    if (rest == "name")
        witness.name = value.empty() ? info_.host : std::move(value);
    else if (take_prefix(rest, "sysctl."))
        witness.sysctls[clean(rest)] = std::move(value);
    else
        info_.meta["netns." + std::to_string(*netns) + "." + clean(rest)] = std::move(value);
}

/// "4242.path"
void TraceContext::learn_cgroup(std::string_view rest, std::string value) {
    const std::size_t dot = rest.find('.');
    if (dot == std::string_view::npos || rest.substr(dot + 1) != "path") return;
    if (const auto id = parse_number<std::uint64_t>(rest.substr(0, dot))) info_.cgroups[*id] = std::move(value);
}

/// "reset_sent.hook"
void TraceContext::learn_probe(std::string_view rest, std::string value) {
    const std::size_t dot = rest.rfind('.');
    if (dot == std::string_view::npos) return;
    const std::string name = clean(rest.substr(0, dot));
    const auto [entry, added] = probes_.try_emplace(name, info_.probes.size());
    if (added) info_.probes.emplace_back().name = name;
    ProbeStatus& probe = info_.probes[entry->second];
    const std::string_view attribute = rest.substr(dot + 1);
    if (attribute == "hook") probe.hook = std::move(value);
    else if (attribute == "status") probe.status = std::move(value);
    else if (attribute == "events") set_number(probe.events, value);
    else if (attribute == "lost") set_number(probe.lost, value);
}

WitnessId TraceContext::witness(std::uint32_t netns) {
    if (netns == last_netns_ && !info_.witnesses.empty()) return last_witness_;
    if (netns == 0 && !info_.witnesses.empty()) return 0;
    const auto [entry, added] = witnesses_.try_emplace(netns, static_cast<WitnessId>(info_.witnesses.size()));
    if (added) {
        Witness& witness = info_.witnesses.emplace_back();
        witness.host = info_.host;
        witness.name = netns == 0 ? info_.host : fmt::format("netns {}", netns);
        witness.netns = netns;
    }
    last_netns_ = netns;
    return last_witness_ = entry->second;
}

std::uint32_t TraceContext::interface(std::uint32_t netns, std::uint32_t ifindex, std::string_view name) {
    const std::uint64_t key = std::uint64_t{netns} << 32 | ifindex;
    const auto [entry, added] = interfaces_.try_emplace(key, static_cast<std::uint32_t>(info_.interfaces.size()));
    if (added) {
        const WitnessId witness = this->witness(netns);
        info_.interfaces.push_back({witness, clean(name), ifindex});
    }
    return entry->second;
}

std::string TraceContext::reset_reason(std::int32_t number) const {
    const auto known = reset_reasons_.find(number);
    return known != reset_reasons_.end() ? known->second : fmt::format("reason {}", number);
}

std::string TraceContext::drop_reason(std::uint32_t number) const {
    const auto known = drop_reasons_.find(number);
    return known != drop_reasons_.end() ? known->second : fmt::format("reason {}", number);
}

}  // namespace tcpwitness
