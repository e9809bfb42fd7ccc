#include "live/record_flow.h"

#include <netinet/in.h>

namespace tcpwitness {

Flow record_flow(const tw_head& head, const void* data) {
    Flow flow{{{}, head.local_port}, {{}, head.peer_port}};
    const std::size_t width = head.family == AF_INET ? 4 : head.family == AF_INET6 ? 16 : 0;
    if (width == 0 || head.size < sizeof head + 2 * width) return flow;
    const auto* addresses = static_cast<const std::uint8_t*>(data) + head.size - 2 * width;
    flow.local.address = width == 4 ? Address::ipv4(addresses) : Address::ipv6(addresses);
    flow.peer.address = width == 4 ? Address::ipv4(addresses + width) : Address::ipv6(addresses + width);
    return flow;
}

}  // namespace tcpwitness
