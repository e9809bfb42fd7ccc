#pragma once

#include <netinet/in.h>

#include <cstring>
#include <string>

#include "bpf/records.h"
#include "model/address.h"

namespace tcpwitness {

/// A record that userspace makes itself: fill `head` and `body`, then take the bytes, with the addresses of `flow` behind the body.
template <typename Body>
struct RecordBuilder {
    tw_head head{};
    Body body{};

    RecordBuilder(tw_kind kind, tw_probe probe) {
        head.kind = static_cast<std::uint8_t>(kind);
        head.probe = static_cast<std::uint8_t>(probe);
    }

    std::string bytes(const Flow& flow = {}) {
        const bool v6 = flow.local.address.family == Address::Family::ipv6 || flow.peer.address.family == Address::Family::ipv6;
        const bool v4 = flow.local.address.family == Address::Family::ipv4 || flow.peer.address.family == Address::Family::ipv4;
        const std::size_t width = v6 ? 16 : v4 ? 4 : 0;
        head.family = v6 ? AF_INET6 : v4 ? AF_INET : 0;
        head.local_port = flow.local.port;
        head.peer_port = flow.peer.port;
        head.size = static_cast<std::uint16_t>(sizeof(head) + sizeof(body) + 2 * width);
        std::string out(head.size, '\0');
        std::memcpy(out.data(), &head, sizeof(head));
        std::memcpy(out.data() + sizeof(head), &body, sizeof(body));
        std::memcpy(out.data() + sizeof(head) + sizeof(body), flow.local.address.bytes.data(), width);
        std::memcpy(out.data() + sizeof(head) + sizeof(body) + width, flow.peer.address.bytes.data(), width);
        return out;
    }
};

}  // namespace tcpwitness
