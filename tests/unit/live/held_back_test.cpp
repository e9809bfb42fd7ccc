// The record that tells a count of what was held back.
#include "live/held_back.h"

#include <catch2/catch.hpp>
#include <cstring>
#include <netinet/in.h>
#include <string>
#include <vector>

using namespace tcpwitness;

namespace {

tw_held_key key() {
    tw_held_key key{};
    key.netns = 77;
    key.family = AF_INET;
    key.side = TW_SIDE_LOCAL;
    key.port = 81;
    key.what = TW_REPEAT_RESET_OUT;
    key.reason = 5;
    const std::uint8_t prefix[4] = {10, 77, 1, 0};
    std::memcpy(key.prefix, prefix, sizeof(prefix));
    return key;
}

struct Told {
    tw_head head{};
    tw_repeats body{};
    std::string addresses;

    explicit Told(const std::string& bytes) {
        std::memcpy(&head, bytes.data(), sizeof(head));
        std::memcpy(&body, bytes.data() + sizeof(head), sizeof(body));
        addresses = bytes.substr(sizeof(head) + sizeof(body));
    }
};

}  // namespace

TEST_CASE("a count says of which port, which network and which time it is") {
    const Told told(HeldBack::record(key(), 42, 1000, 2000, true));
    CHECK(told.head.kind == TW_REPEATS);
    CHECK(told.head.netns == 77);
    CHECK(told.head.time_ns == 2000);
    CHECK(told.head.local_port == 81);
    CHECK(told.head.peer_port == 0);
    CHECK(told.head.family == AF_INET);
    CHECK(told.addresses == std::string("\0\0\0\0\x0a\x4d\x01\0", 8));
    CHECK(told.body.count == 42);
    CHECK(told.body.from_ns == 1000);
    CHECK(told.body.prefix_length == 24);
    CHECK(told.body.reason == 5);
    CHECK(told.body.flags == TW_RESET_REASON);
}

TEST_CASE("a count of IPv6 packets about the peer's port") {
    tw_held_key v6 = key();
    v6.family = AF_INET6;
    v6.side = TW_SIDE_PEER;
    v6.what = TW_REPEAT_PACKET_OUT;
    const Told told(HeldBack::record(v6, 1, 0, 1, true));
    CHECK(told.head.family == AF_INET6);
    CHECK(told.head.local_port == 0);
    CHECK(told.head.peer_port == 81);
    CHECK(told.addresses.size() == 32);
    CHECK(told.body.prefix_length == 48);
    CHECK(told.body.flags == 0);  // packets have no reason
}

TEST_CASE("a count of drops has the kernel's reason, also where it does not tell why it resets") {
    tw_held_key drops = key();
    drops.what = TW_REPEAT_DROP;
    drops.reason = 8;
    const Told told(HeldBack::record(drops, 3, 0, 1, false));
    CHECK(told.body.what == TW_REPEAT_DROP);
    CHECK(told.body.reason == 8);
    CHECK(told.body.flags == TW_RESET_REASON);
}

TEST_CASE("what others have counted is told with the next look, once, with the time that it may have waited") {
    constexpr std::uint64_t s = 1'000'000'000;
    HeldBack held(-1, 2, true, 100 * s);  // without a map nothing else is told
    tw_held_key syns = key();
    syns.what = TW_REPEAT_HANDSHAKE_IN;
    held.add(syns, 2);
    held.add(syns, 1);
    held.add(key(), 5);
    std::vector<std::string> told;
    const auto keep = [&](const void* data, std::size_t size) { told.emplace_back(static_cast<const char*>(data), size); };
    held.look(102 * s, keep);
    REQUIRE(told.size() == 2);
    CHECK(Told(told[0]).body.what == TW_REPEAT_RESET_OUT);
    CHECK(Told(told[0]).body.count == 5);
    CHECK(Told(told[0]).body.from_ns == 100 * s);
    CHECK(Told(told[1]).body.what == TW_REPEAT_HANDSHAKE_IN);
    CHECK(Told(told[1]).body.count == 3);
    CHECK(Told(told[1]).body.flags == 0);
    CHECK(Told(told[1]).body.from_ns == 100 * s);  // not before the recording began
    CHECK(held.total() == 8);
    told.clear();
    held.look(110 * s, keep);
    CHECK(told.empty());
    held.add(syns, 1);
    held.look(111 * s, keep);
    REQUIRE(told.size() == 1);
    CHECK(Told(told[0]).body.from_ns == (110 - TW_KEPT_SECONDS - 1) * s);
    CHECK(Told(told[0]).body.to_ns == 111 * s);
}

TEST_CASE("a kernel that tells no reasons, and the count of what no longer had an entry of its own") {
    CHECK(Told(HeldBack::record(key(), 1, 0, 1, false)).body.flags == 0);
    tw_held_key others{};
    others.what = TW_REPEAT_PACKET_IN;
    const Told told(HeldBack::record(others, 9, 0, 1, true));
    CHECK(told.head.family == 0);
    CHECK(told.body.prefix_length == 0);
    CHECK(told.body.count == 9);
}
