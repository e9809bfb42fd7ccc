#include "live/route_asker.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>

#include <cerrno>
#include <string>

#include "environment/attributes.h"
#include "environment/netlink.h"

namespace tcpwitness {
namespace {

constexpr unsigned asked_a_second = 16;  // a question takes some 300 us

/// "ip route get" for the connection that failed: destination, source and port as far as they are known, and its mark.
std::string question(const tw_head& head, const tw_route& body, const unsigned char* addresses) {
    const bool v6 = head.family == AF_INET6;
    const std::size_t bytes = v6 ? 16 : 4;
    const std::string_view local(reinterpret_cast<const char*>(addresses), bytes), peer(reinterpret_cast<const char*>(addresses) + bytes, bytes);
    rtmsg message{};
    message.rtm_family = head.family;
    message.rtm_dst_len = static_cast<unsigned char>(bytes * 8);
    std::string request(bytes_of(message));
    append_attribute(request, RTA_DST, peer);
    if (local.find_first_not_of('\0') != std::string_view::npos) append_attribute(request, RTA_SRC, local);
    if (body.mark) append_attribute(request, RTA_MARK, bytes_of(body.mark));
    const std::uint8_t tcp = IPPROTO_TCP;
    append_attribute(request, RTA_IP_PROTO, bytes_of(tcp));
    const std::uint16_t port = htons(head.peer_port);
    if (port) append_attribute(request, RTA_DPORT, bytes_of(port));
    return request;
}

}  // namespace

void RouteAsker::complete(const tw_head& head, tw_route& body, const unsigned char* addresses) {
    const bool other_reasons = body.for_connect && (body.error == EACCES || body.error == EINVAL);  // may end one that has its route
    if (body.type != 0 || (body.table != 0 && !other_reasons)) return;
    if (!noted_) probes_.note_route_lookups();
    noted_ = true;
    if (head.time_ns - second_ns_ >= 1'000'000'000) {
        second_ns_ = head.time_ns;
        asked_ = 0;
    }
    if (asked_++ < asked_a_second && ask(head, body, addresses))
        body.answer = TW_ROUTE_ASKED;
    else if (other_reasons)
        body.answer = TW_ROUTE_OTHER;
}

bool RouteAsker::ask(const tw_head& head, tw_route& body, const unsigned char* addresses) {
    int refused_with = 0;
    in_namespace(namespaces_.open(head.netns), [&] {
        auto netlink = Netlink::open(NETLINK_ROUTE);
        if (!netlink) return;
        probes_.own_failed_lookup();  // forget what another question met
        (void)netlink->ask(RTM_GETROUTE, question(head, body, addresses), [](std::uint16_t, std::string_view) { return true; });
        refused_with = netlink->refused_with();
    });
    const tw_own_lookup own = probes_.own_failed_lookup();
    if (!probes_.notes(head.family == AF_INET6 ? TW_PROBE_ROUTE6 : TW_PROBE_ROUTE)) return false;  // it could not be attached, or is gone already
    if (body.for_connect ? refused_with != body.error : refused_with == 0) return false;
    body.table = own.table;
    body.type = static_cast<std::uint8_t>(own.type);
    return true;
}

}  // namespace tcpwitness
