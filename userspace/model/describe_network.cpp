// What happened to packets below TCP: thrown away, answered by ICMP, without a route or a neighbour.
#include <iterator>

#include <fmt/format.h>

#include "base/text.h"
#include "model/describe_kinds.h"

namespace tcpwitness::kinds {

namespace {

/// The kernel's names (include/net/dropreason-core.h, without SKB_DROP_REASON_) in words, where the name does not say it all.
constexpr struct {
    std::string_view name, words;
} reasons[] = {
    {"NETFILTER_DROP", "by the packet filter"},
    {"IP_RPFILTER", "the way back to its source leads over another device: strict rp_filter"},
    {"IP_OUTNOROUTES", "no route"},
    {"IP_INNOROUTES", "no route to forward it"},
    {"NEIGH_FAILED", "the next hop does not answer ARP or neighbour discovery"},
    {"NEIGH_QUEUEFULL", "too many packets wait for the next hop's link-layer address"},
    {"QDISC_DROP", "the device's queue was full, or its discipline dropped it"},
    {"SOCKET_RCVBUFF", "receive buffer full"},
    {"SOCKET_BACKLOG", "the socket's backlog was full"},
    {"TCP_LISTEN_OVERFLOW", "accept queue full"},
    {"PKT_TOO_BIG", "larger than the next hop's MTU"},
    {"TC_INGRESS", "by a tc filter"},
    {"TC_EGRESS", "by a tc filter"},
    {"XDP", "by an XDP program"},
    {"BPF_CGROUP_EGRESS", "by a BPF program of its control group"},
    {"SOCKET_FILTER", "by the socket's own BPF filter"},
    {"SECURITY_HOOK", "by a security module"},
    {"NOMEM", "out of memory"},
    {"PROTO_MEM", "out of TCP memory"},
    {"TCP_CSUM", "wrong TCP checksum"},
    {"IP_CSUM", "wrong IP checksum"},
};

std::string packet_text(const Drop& drop, const Event& event) {
    if (!drop.icmp) return fmt::format("{} seq {}", flags_text(drop.flags), drop.seq) + (drop.payload ? fmt::format(" len {}", drop.payload) : "");
    Icmp icmp;
    icmp.v6 = event.flow.local.address.family == Address::Family::ipv6;
    icmp.type = drop.icmp_type;
    icmp.code = drop.icmp_code;
    return "ICMP " + name(icmp);
}

const char* route_name(Route::What what) {
    switch (what) {
        case Route::What::no_route: return "no_route";
        case Route::What::blackhole: return "blackhole";
        case Route::What::unreachable: return "unreachable";
        case Route::What::prohibit: return "prohibit";
    }
    return "?";
}

const char* neighbour_name(Neighbour::What what) {
    switch (what) {
        case Neighbour::What::incomplete: return "incomplete";
        case Neighbour::What::failed: return "failed";
        case Neighbour::What::changed: return "changed";
    }
    return "?";
}

bool ipv6(const Event& event) { return event.flow.peer.address.family == Address::Family::ipv6; }

}  // namespace

Layer layer(const Drop&) { return Layer::tcp; }

bool noteworthy(const Drop&, const Event&) { return true; }

std::string sentence(const Drop& drop, const Event& event) {
    std::string text = fmt::format("dropped {} {}: {}", packet_text(drop, event), drop.outgoing ? "out" : "in", printable(drop.reason));
    const std::string_view known = drop.without_route() ? "IP_OUTNOROUTES" : std::string_view(drop.reason);
    for (const auto& [name, words] : reasons)
        if (name == known) text += fmt::format(" ({})", words);
    if (const std::string hook = netfilter_hook(drop.caller); !hook.empty())
        text += fmt::format(" at {}", hook);
    else if (!drop.caller.empty())
        text += fmt::format(" in {}", printable(drop.caller));
    else if (!drop.place.empty())
        text += fmt::format(" in {}", printable(drop.place));
    if (!drop.device.empty()) text += fmt::format(", {}", printable(drop.device));
    return text;
}

void add_fields(std::vector<Field>& to, const Drop& drop, const Event& event) {
    add(to, "reason", drop.reason);
    add(to, "place", drop.place);
    if (!drop.caller.empty()) {
        add(to, "netfilter_function", drop.caller);
        if (const char* hook = netfilter_hook(drop.caller); *hook) add(to, "netfilter_hook", hook);
    }
    if (!drop.device.empty()) add(to, "device", drop.device);
    add(to, "direction", drop.outgoing ? "out" : "in");
    add(to, "has_socket", drop.has_socket);
    if (drop.icmp) {
        add(to, "icmp_type", drop.icmp_type);
        add(to, "icmp_code", drop.icmp_code);
    } else {
        add(to, "flags", flags_text(drop.flags));
        add(to, "seq", drop.seq);
        add(to, "ack", drop.ack);
        add(to, "payload_bytes", drop.payload);
    }
    if (drop.ttl) add(to, ipv6(event) ? "hop_limit" : "ttl", drop.ttl);
}

Layer layer(const Icmp&) { return Layer::wire; }

bool noteworthy(const Icmp& icmp, const Event&) { return !icmp.echo_request() || !icmp.marker.empty(); }

std::string sentence(const Icmp& icmp, const Event&) {
    std::string text = fmt::format("ICMP{} {} {} {} {}", icmp.v6 ? "v6" : "", name(icmp), icmp.outgoing ? "out" : "in", icmp.outgoing ? "to" : "from",
                                   (icmp.outgoing ? icmp.receiver : icmp.sender).text());
    if (!icmp.marker.empty()) return fmt::format("marker \"{}\", {}", printable(icmp.marker), text);
    if (icmp.echo_request()) return text + fmt::format(", id {} seq {}, {}", icmp.echo_id, icmp.echo_seq, count_text(icmp.echo_payload, "byte", "bytes"));
    if (icmp.mtu) text += fmt::format(", next hop takes {} bytes", icmp.mtu);
    text += fmt::format(", about seq {}", icmp.quoted_seq);
    if (icmp.quoted_bytes) text += fmt::format(" in a packet of {} bytes", icmp.quoted_bytes);
    return text;
}

void add_fields(std::vector<Field>& to, const Icmp& icmp, const Event&) {
    add(to, "direction", icmp.outgoing ? "out" : "in");
    add(to, "icmp", name(icmp));
    add(to, "icmp_type", icmp.type);
    add(to, "icmp_code", icmp.code);
    add(to, "icmp_sender", icmp.sender.text());
    add(to, "icmp_receiver", icmp.receiver.text());
    if (icmp.echo_request()) {
        add(to, "echo_payload_bytes", icmp.echo_payload);
        add(to, "echo_id", icmp.echo_id);
        add(to, "echo_seq", icmp.echo_seq);
        if (!icmp.marker.empty()) add(to, "marker", icmp.marker);
    } else {
        if (icmp.too_big()) add(to, "next_hop_mtu_bytes", icmp.mtu);
        add(to, "quoted_seq", icmp.quoted_seq);
        if (icmp.quoted_bytes) add(to, "quoted_packet_bytes", icmp.quoted_bytes);
    }
    add(to, icmp.v6 ? "hop_limit" : "ttl", icmp.ttl);
    add(to, "device", icmp.device);
    if (icmp.frame) add(to, "frame", icmp.frame);
}

Layer layer(const Route&) { return Layer::tcp; }

bool noteworthy(const Route&, const Event&) { return true; }

std::string sentence(const Route& route, const Event& event) {
    const std::string to = event.flow.peer.address.text();
    const std::string_view rule = route.refusing_rule();
    std::string text = !rule.empty()                         ? fmt::format("a routing rule says {} to {}", rule, to)
                       : route.what == Route::What::no_route ? fmt::format("no route to {}", to)
                                                             : fmt::format("the route to {} says {}", to, route_name(route.what));
    if (route.table && rule.empty()) text += fmt::format(", table {}", table_name(route.table));
    if (route.asked_later) text += " (asked again just after)";
    return text + fmt::format(": {}", error_text(route.error));
}

void add_fields(std::vector<Field>& to, const Route& route, const Event&) {
    const std::string_view rule = route.refusing_rule();
    add(to, "route", rule.empty() ? route_name(route.what) : fmt::format("{}_rule", rule));
    if (route.table) add(to, "table", table_name(route.table));
    add(to, "error.type", errno_name(route.error));
    add(to, "for_connect", route.for_connect);
    if (route.asked_later) add(to, "asked_later", true);
    add_task(to, route.task);
}

Layer layer(const Neighbour&) { return Layer::wire; }

bool noteworthy(const Neighbour& neighbour, const Event&) { return neighbour.what != Neighbour::What::incomplete; }

std::string sentence(const Neighbour& neighbour, const Event& event) {
    const std::string who = fmt::format("{} on {}", event.flow.peer.address.text(), printable(neighbour.device));
    switch (neighbour.what) {
        case Neighbour::What::incomplete: return fmt::format("asking for the link-layer address of {}", who);
        case Neighbour::What::failed: return fmt::format("{} did not answer {}", who, ipv6(event) ? "neighbour discovery" : "ARP");
        case Neighbour::What::changed: return fmt::format("link-layer address of {} changed from {} to {}", who, mac_text(neighbour.old_mac), mac_text(neighbour.new_mac));
    }
    return fmt::format("neighbour {}", who);
}

void add_fields(std::vector<Field>& to, const Neighbour& neighbour, const Event&) {
    add(to, "neighbour", neighbour_name(neighbour.what));
    add(to, "device", neighbour.device);
    if (neighbour.what == Neighbour::What::failed) add(to, "probes", neighbour.probes);
    if (neighbour.what != Neighbour::What::changed) return;
    add(to, "old_mac", mac_text(neighbour.old_mac));
    add(to, "new_mac", mac_text(neighbour.new_mac));
}

}  // namespace tcpwitness::kinds

namespace tcpwitness {

std::string mac_text(const std::array<std::uint8_t, 6>& mac) {
    return fmt::format("{:02x}:{:02x}:{:02x}:{:02x}:{:02x}:{:02x}", mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
}

}  // namespace tcpwitness
