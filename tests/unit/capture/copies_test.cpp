// One packet that the capture holds twice, and packets that only look like it.
#include <catch2/catch.hpp>

#include "support/capture_script.h"

using namespace tcpwitness;
using namespace test;
using tcp_flag::ack, tcp_flag::rst, tcp_flag::syn;

namespace {

/// The segment, and the same once more.
CaptureStory twice(Sent sent, double later_ms, Sent again) {
    CaptureScript script;
    script.handshake().client(sent);
    again.at_ms = sent.at_ms + later_ms;
    return script.client(again).server({.at_ms = 200, .ack = 1 + sent.len}).finish();
}

}  // namespace

TEST_CASE("one packet that the capture shows twice is one") {
    const Sent first{.at_ms = 30, .len = 100, .ip_id = 55, .tsval = 7, .tsecr = 7};
    Sent again = first;
    double later_ms = 30;
    SECTION("mirrored on its way in and out") {}
    SECTION("at once") { later_ms = 0.04; }
    SECTION("on both sides of a router") { again.ttl = 63; }
    SECTION("on another interface") { again.interface = 1; }
    const auto story = twice(first, later_ms, again);
    CHECK(story.copies == 1);
    CHECK(story.connections.at(0).wire->client.packets == 3);
    CHECK(story.connections.at(0).wire->client.retransmitted == 0);
    CHECK(story.connections.at(0).wire->client.out_of_order == 0);
}

TEST_CASE("without an IP id another TTL or place tells a copy") {
    const Sent first{.at_ms = 30, .len = 100, .ip_id = 0, .tsval = 7, .tsecr = 7};
    Sent again = first;
    SECTION("TTL") { again.ttl = 63; }
    SECTION("interface") { again.interface = 1; }
    CHECK(twice(first, 40, again).copies == 1);
}

TEST_CASE("a SYN and a SYN-ACK that are seen twice are sent once") {
    CaptureScript script;
    for (double at : {0.0, 45.0}) script.client({.at_ms = at, .seq = 0, .ack = 0, .flags = syn, .ip_id = 0, .tsval = 7});
    for (double at : {50.0, 95.0}) script.server({.at_ms = at, .seq = 0, .flags = syn | ack, .ip_id = 0, .tsval = 7});
    const auto story = script.client({.at_ms = 100}).close(200).finish();
    CHECK(story.copies == 2);
    REQUIRE(story.connections.size() == 1);
    CHECK(story.connections[0].wire->client.retransmitted + story.connections[0].wire->server.retransmitted == 0);
    CHECK_FALSE(story.connections[0].has(sign::syn_retransmit | sign::syn_ack_retransmit));
    CHECK(story.connections[0].wire->conn_state == "SF");
}

TEST_CASE("a SYN that comes again within a tenth of a second is none that was sent again") {
    CaptureScript script;
    script.client({.at_ms = 0, .seq = 0, .ack = 0, .flags = syn, .window = 500, .ip_id = 7, .tsval = 1, .ttl = 64});
    script.client({.at_ms = 0.1, .seq = 0, .ack = 0, .flags = syn, .window = 999, .ip_id = 8, .tsval = 0, .ttl = 128});
    const auto story = script.finish();
    CHECK(story.copies == 1);
    CHECK_FALSE(story.connections.at(0).has(sign::syn_retransmit));
}

TEST_CASE("what was sent again is no copy") {
    const Sent first{.at_ms = 30, .len = 100, .ip_id = 55, .tsval = 7, .tsecr = 7};
    Sent again = first;
    double later_ms = 30;
    SECTION("another IP id") { again.ip_id = 56; }
    SECTION("no IP id at all, and the same place") { again.ip_id = 0; }
    SECTION("too late") { later_ms = 60; }
    SECTION("another timestamp") { again.tsval = 8; }
    const auto story = twice(first, later_ms, again);
    CHECK(story.copies == 0);
    CHECK(story.connections.at(0).wire->client.retransmitted == 1);
}

TEST_CASE("a bare ACK may be sent twice, and a RST") {
    CaptureScript script;
    script.handshake();
    const std::uint8_t flags = GENERATE(ack, rst);
    for (double at : {40.0, 40.01, 60.0}) script.server({.at_ms = at, .seq = 1, .ack = 1, .flags = flags, .ip_id = 0, .tsval = 0});
    const auto story = script.finish();
    CHECK(story.copies == 0);
    CHECK(story.connections.at(0).wire->server.packets == 4);
}
