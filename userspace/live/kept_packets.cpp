#include "live/kept_packets.h"

#include <netinet/in.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstring>

namespace tcpwitness {
namespace {

/// As hold() of bpf/repeats.h makes it.
tw_held_key counted_as(const tw_kept& packet) {
    tw_held_key key{};
    key.netns = packet.head.netns;
    key.what = static_cast<std::uint8_t>(packet.what);
    key.family = packet.head.family;
    key.side = static_cast<std::uint16_t>(packet.side);
    key.port = packet.side == TW_SIDE_LOCAL ? packet.head.local_port : packet.head.peer_port;
    std::uint32_t words[8];
    std::memcpy(words, packet.addresses, sizeof(words));
    if (packet.head.family == AF_INET6) {
        key.prefix[0] = words[4];
        key.prefix[1] = words[5] & htonl(0xffff0000);
    } else {
        key.prefix[0] = words[1] & htonl(0xffffff00);
    }
    return key;
}

}  // namespace

std::uint32_t kept_sets(std::uint64_t buffer_bytes) {
    return std::bit_floor(static_cast<std::uint32_t>(std::clamp<std::uint64_t>(buffer_bytes / sizeof(tw_kept_set), 64, 65536)));
}

void KeptPackets::count_older(std::uint64_t before_ns, const Counted& counted) {
    for (tw_kept_set* set = sets_; set != sets_ + count_; ++set) {
        for (std::size_t way = 0; way < TW_KEPT_WAYS; ++way) {
            std::atomic_ref<std::uint32_t> tag(set->tags[way]);
            const std::atomic_ref<std::uint64_t> since_ns(set->packets[way].head.time_ns);
            std::uint32_t known = tag.load(std::memory_order_acquire);
            if (known == TW_KEPT_FREE || known == TW_KEPT_CLAIMED) continue;
            // Who claims a young one hides it from its connection for a moment; but it may be another one once it is claimed.
            if (since_ns.load(std::memory_order_relaxed) >= before_ns) continue;
            if (!tag.compare_exchange_strong(known, TW_KEPT_CLAIMED, std::memory_order_acquire)) continue;
            const bool old = since_ns.load(std::memory_order_relaxed) < before_ns;
            if (old) counted(counted_as(set->packets[way]));
            tag.store(old ? std::uint32_t{TW_KEPT_FREE} : known, std::memory_order_release);
        }
    }
}

}  // namespace tcpwitness
