// The collector's end of the packets that wait for their connection.
#include "live/kept_packets.h"

#include <catch2/catch.hpp>
#include <cstring>
#include <netinet/in.h>
#include <vector>

using namespace tcpwitness;

namespace {

constexpr std::uint32_t some_tag = 4711;

/// As the programs leave a packet that they keep.
void put(tw_kept_set& set, std::size_t way, std::uint64_t time_ns, std::uint32_t what = TW_REPEAT_HANDSHAKE_IN, std::uint32_t side = TW_SIDE_LOCAL) {
    tw_kept& packet = set.packets[way];
    packet.head.time_ns = time_ns;
    packet.head.netns = 77;
    packet.head.family = AF_INET;
    packet.head.local_port = 5061;
    packet.head.peer_port = 40112;
    const std::uint8_t addresses[8] = {10, 0, 2, 2, 10, 66, 3, 4};
    std::memcpy(packet.addresses, addresses, sizeof(addresses));
    packet.what = what;
    packet.side = side;
    set.tags[way] = some_tag;
}

std::vector<tw_held_key> counted(std::vector<tw_kept_set>& sets, std::uint64_t before_ns) {
    std::vector<tw_held_key> keys;
    KeptPackets(sets.data(), static_cast<std::uint32_t>(sets.size())).count_older(before_ns, [&](const tw_held_key& key) { keys.push_back(key); });
    return keys;
}

}  // namespace

TEST_CASE("packets that have waited in vain are counted once, and their places are free again") {
    std::vector<tw_kept_set> sets(4);
    put(sets[0], 0, 1000);
    put(sets[3], TW_KEPT_WAYS - 1, 1999, TW_REPEAT_HANDSHAKE_OUT);
    put(sets[3], 2, 2000);
    CHECK(counted(sets, 2000).size() == 2);
    CHECK(sets[0].tags[0] == TW_KEPT_FREE);
    CHECK(sets[3].tags[TW_KEPT_WAYS - 1] == TW_KEPT_FREE);
    CHECK(sets[3].tags[2] == some_tag);  // it may still become a connection
    CHECK(counted(sets, 2000).empty());
    CHECK(counted(sets, UINT64_MAX).size() == 1);
}

TEST_CASE("a packet that a program has claimed is the program's") {
    std::vector<tw_kept_set> sets(1);
    put(sets[0], 5, 1000);
    sets[0].tags[5] = TW_KEPT_CLAIMED;
    CHECK(counted(sets, UINT64_MAX).empty());
    CHECK(sets[0].tags[5] == TW_KEPT_CLAIMED);
}

TEST_CASE("a kept packet is counted for its port and the peer's network") {
    std::vector<tw_kept_set> sets(1);
    put(sets[0], 0, 1000);
    put(sets[0], 1, 1000, TW_REPEAT_HANDSHAKE_IN, TW_SIDE_PEER);
    const auto keys = counted(sets, UINT64_MAX);
    REQUIRE(keys.size() == 2);
    CHECK(keys[0].netns == 77);
    CHECK(keys[0].what == TW_REPEAT_HANDSHAKE_IN);
    CHECK(keys[0].side == TW_SIDE_LOCAL);
    CHECK(keys[0].port == 5061);
    CHECK(keys[0].prefix[0] == htonl(0x0a420300));
    CHECK(keys[0].prefix[1] == 0);
    CHECK(keys[1].port == 40112);
}

TEST_CASE("of an IPv6 address the first 48 bits are the network") {
    std::vector<tw_kept_set> sets(1);
    put(sets[0], 0, 1000);
    sets[0].packets[0].head.family = AF_INET6;
    for (std::size_t i = 16; i < 32; ++i) sets[0].packets[0].addresses[i] = static_cast<std::uint8_t>(i);
    const auto keys = counted(sets, UINT64_MAX);
    REQUIRE(keys.size() == 1);
    CHECK(keys[0].prefix[0] == htonl(0x10111213));
    CHECK(keys[0].prefix[1] == htonl(0x14150000));
}

TEST_CASE("the table is about as large as the rings, a power of two, and never tiny or endless") {
    CHECK(kept_sets(16 << 20) == 8192);
    CHECK(kept_sets(0) == 64);
    CHECK(kept_sets(std::uint64_t{1} << 40) == 65536);
}
