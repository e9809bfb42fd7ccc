// Names of what happens to packets below TCP: hooks, ICMP messages, routing tables.
#include <cerrno>
#include <iterator>

#include "model/event.h"

namespace tcpwitness {

const char* netfilter_hook(std::string_view caller) {
    // The hooks' functions are inlined into these; a compiler's suffix (".isra.0") may follow.
    static constexpr struct {
        std::string_view function;
        const char* hook;
    } hooks[] = {
        {"ip_rcv", "prerouting"},          {"ipv6_rcv", "prerouting"},        {"ip_list_rcv", "prerouting"},  {"ipv6_list_rcv", "prerouting"},
        {"ip_sublist_rcv", "prerouting"},  {"ip6_sublist_rcv", "prerouting"}, {"ip_local_deliver", "input"},  {"ip6_input", "input"},
        {"ip_forward", "forward"},         {"ip6_forward", "forward"},        {"__ip_local_out", "output"},   {"ip_local_out", "output"},
        {"__ip6_local_out", "output"},     {"ip6_local_out", "output"},       {"ip6_xmit", "output"},         {"__ip_queue_xmit", "output"},
        {"ip_build_and_send_pkt", "output"}, {"ip_output", "postrouting"},    {"ip_mc_output", "postrouting"}, {"ip6_output", "postrouting"},
        {"__netif_receive_skb_core", "ingress"}, {"__dev_queue_xmit", "egress"},
        // br_netfilter: what a bridge passes on goes through the IP hooks, too
        {"br_nf_pre_routing", "prerouting"}, {"br_nf_pre_routing_ipv6", "prerouting"}, {"br_nf_forward", "forward"}, {"br_nf_forward_ip", "forward"},
        {"br_nf_post_routing", "postrouting"},
    };
    caller = caller.substr(0, caller.find_first_of(". "));
    for (const auto& [function, hook] : hooks)
        if (caller == function) return hook;
    return "";
}

namespace {

constexpr const char* unreachable_v4[] = {"net unreachable", "host unreachable", "protocol unreachable", "port unreachable",
                                          "fragmentation needed", "source route failed", "net unknown", "host unknown", "source host isolated",
                                          "net prohibited", "host prohibited", "net unreachable for this service",
                                          "host unreachable for this service", "administratively prohibited", "host precedence violation",
                                          "precedence cut off"};
constexpr const char* unreachable_v6[] = {"no route", "administratively prohibited", "beyond scope of source address", "address unreachable",
                                          "port unreachable", "source address failed policy", "route rejected"};

}  // namespace

std::string name(const Icmp& icmp) {
    if (icmp.echo_request()) return "echo request";
    if (icmp.v6 && icmp.type == 1 && icmp.code < std::size(unreachable_v6)) return unreachable_v6[icmp.code];
    if (icmp.v6 && icmp.type == 2) return "packet too big";
    if (!icmp.v6 && icmp.type == 3 && icmp.code < std::size(unreachable_v4)) return unreachable_v4[icmp.code];
    if (icmp.type == (icmp.v6 ? 3 : 11)) return icmp.code == 0 ? "time exceeded in transit" : "fragment reassembly time exceeded";
    if (icmp.type == (icmp.v6 ? 4 : 12)) return "parameter problem";
    if (!icmp.v6 && icmp.type == 5) return "redirect";
    return "type " + std::to_string(icmp.type) + " code " + std::to_string(icmp.code);
}

std::string_view Route::refusing_rule() const {
    if (what != What::no_route || (!table && !asked_later)) return "";  // a route, or not known
    return error == EACCES ? "prohibit" : error == EINVAL ? "blackhole" : "";
}

std::string table_name(std::uint32_t table) {
    switch (table) {
        case 253: return "default";
        case 254: return "main";
        case 255: return "local";
        default: return std::to_string(table);
    }
}

}  // namespace tcpwitness
