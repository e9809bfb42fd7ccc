#include <catch2/catch.hpp>

#include <algorithm>
#include <stdexcept>
#include <string>

#include "base/blocks.h"
#include "base/parallel.h"
#include "support/capture_script.h"

using namespace tcpwitness;
using test::CaptureScript;

namespace {

/// Sessions of all kinds, their packets mixed: whole ones, one reset, one refused, one unanswered, one with an ICMP error, stray RSTs.
CaptureStory mixed(std::size_t parts, bool macs) {
    CaptureScript capture({}, parts);
    if (macs) capture.macs();
    constexpr std::uint16_t first = 40'000, count = 60;
    const auto each = [&](auto step) {
        for (std::uint16_t i = 0; i < count; ++i) step(capture.port(static_cast<std::uint16_t>(first + i)), i);
    };
    each([](CaptureScript& one, std::uint16_t i) { one.syn(i); });
    each([](CaptureScript& one, std::uint16_t i) {
        if (i % 10 == 1) one.server({.at_ms = 100.0 + i, .seq = 0, .ack = 1, .flags = tcp_flag::rst | tcp_flag::ack, .ttl = 63});
        if (i % 10 == 2) one.icmp(100 + i, 3);
        if (i % 10 > 2) one.syn_ack(100 + i).client({.at_ms = 100.5 + i});
    });
    each([](CaptureScript& one, std::uint16_t i) {
        if (i % 10 > 3) one.client({.at_ms = 200.0 + i, .len = 100, .direction = -1}).server({.at_ms = 201.0 + i, .ack = 101, .len = 300});
        if (i % 10 == 4) one.client({.at_ms = 202.0 + i, .seq = 101, .ack = 301, .flags = tcp_flag::rst | tcp_flag::ack});
        if (i % 10 > 4) one.close(300 + i, 100, 300);
    });
    for (std::uint16_t port : {50'000, 50'001, 50'002}) capture.port(port).server({.at_ms = 400, .seq = 7, .flags = tcp_flag::rst});
    return capture.until(9'000).finish();
}

std::string told(const CaptureStory& story) {
    std::string all = story.info.witnesses.front().name + (story.on_the_way ? " on the way" : "");
    for (const Connection& c : story.connections) {
        const WireFacts& wire = *c.wire;
        all += "\n" + std::to_string(c.id) + " " + std::to_string(wire.stream) + " " + c.flow.local.text() + " " + c.flow.peer.text() + " " + name(c.ending) + " " +
               std::string(wire.conn_state) + " " + wire.history + " " + std::to_string(wire.first_frame) + "-" + std::to_string(wire.last_frame) + ":";
        for (const Event& event : c.events) all += " " + std::to_string(event.id);
    }
    for (const Event& event : story.unmatched) all += "\nunmatched " + std::to_string(event.id);
    return all + "\n" + std::to_string(story.packets) + " " + std::to_string(story.tcp_packets) + " " + std::to_string(story.info.started_ns) + " " +
           std::to_string(story.info.ended_ns);
}

}  // namespace

TEST_CASE("Parts that share the sessions make the story that one analyser makes of all") {
    for (const bool macs : {false, true}) {
        const CaptureStory whole = mixed(1, macs);
        REQUIRE(whole.connections.size() == 60);
        REQUIRE(whole.unmatched.size() == 3);
        CHECK_FALSE(whole.on_the_way);
        for (const std::size_t parts : {2u, 3u, 8u}) CHECK(told(mixed(parts, macs)) == told(whole));
    }
}

TEST_CASE("Once one part has many packets, quiet sessions of none keep theirs") {
    CaptureOptions few;
    few.keep_packets = 6;
    CaptureScript capture(few, 2);
    for (std::uint16_t port = 40'000; port < 40'040; ++port) capture.port(port).handshake(port - 40'000).close(port - 39'000);
    const CaptureStory story = capture.finish();
    REQUIRE(story.connections.size() == 40);
    CHECK(std::all_of(story.connections.begin(), story.connections.end(), [](const Connection& c) { return c.events.empty(); }));
}

TEST_CASE("Blocks keep what is in them where it is") {
    Blocks<std::uint64_t> blocks;
    const std::uint64_t* first = &blocks.push_back(7);
    for (std::uint64_t i = 1; i < 3 * Blocks<std::uint64_t>::per_block; ++i) blocks.push_back(i);
    CHECK(first == &blocks[0]);
    CHECK(blocks[Blocks<std::uint64_t>::per_block] == Blocks<std::uint64_t>::per_block);
    std::uint64_t visited = 0;
    blocks.for_each([&](std::uint64_t) { ++visited; });
    CHECK(visited == blocks.size());
    blocks.clear();
    CHECK(blocks.empty());
    CHECK(blocks.push_back(3) == 3);
}

TEST_CASE("What is done in parallel is all done, once each, and what it throws comes out") {
    std::vector<int> done(100);
    in_parallel(done.size(), 3, [&](std::size_t i) { ++done[i]; });
    CHECK(std::count(done.begin(), done.end(), 1) == 100);
    CHECK_THROWS_WITH(in_parallel(5, 2, [](std::size_t i) { if (i == 3) throw std::runtime_error("the fourth"); }), "the fourth");
}
