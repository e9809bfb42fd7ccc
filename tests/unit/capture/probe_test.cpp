// Keepalives and probes of a closed window, which look alike and are not.
#include <catch2/catch.hpp>

#include "support/capture_script.h"

using namespace tcpwitness;
using namespace test;
namespace mark = tcpwitness::segment_mark;

TEST_CASE("a keepalive and its answer") {
    const std::uint32_t bytes = GENERATE(0, 1);
    CaptureScript script;
    script.handshake().client({.at_ms = 30, .seq = 1, .len = 100}).server({.at_ms = 40, .ack = 101});
    script.client({.at_ms = 60'000, .seq = 100, .len = bytes}).server({.at_ms = 60'010, .ack = 101});
    const auto story = script.finish();
    const auto& wire = *story.connections.at(0).wire;
    CHECK(wire.client.keepalives == 1);
    CHECK(wire.client.retransmitted == 0);
    CHECK(wire.server.duplicate_acks == 0);
    CHECK(CaptureScript::marks(story.connections[0]).at(5) == mark::keepalive);
    CHECK(CaptureScript::marks(story.connections[0]).at(6) == mark::keepalive_ack);
}

TEST_CASE("probes of a closed window are no keepalives") {
    CaptureScript script;
    script.handshake().client({.at_ms = 30, .seq = 1, .len = 1000}).server({.at_ms = 40, .ack = 1001, .window = 0});
    SECTION("by the byte before") {
        for (int i = 0; i < 3; ++i) script.client({.at_ms = 300 + i * 500.0, .seq = 1000}).server({.at_ms = 310 + i * 500.0, .ack = 1001, .window = 0});
    }
    SECTION("by the next byte") {
        for (int i = 0; i < 3; ++i) script.client({.at_ms = 300 + i * 500.0, .seq = 1001, .len = 1}).server({.at_ms = 310 + i * 500.0, .ack = 1001, .window = 0});
    }
    script.server({.at_ms = 3'000, .ack = 1001, .window = 500});
    const auto story = script.finish();
    const auto& wire = *story.connections.at(0).wire;
    CHECK(wire.client.window_probes == 3);
    CHECK(wire.client.keepalives == 0);
    CHECK(wire.client.retransmitted == 0);
    CHECK(wire.server.zero_windows == 4);
    CHECK(wire.server.duplicate_acks == 0);
    CHECK(wire.server.window_closed_ms == 2'960);
    CHECK(story.connections[0].has(sign::waited));
}

TEST_CASE("a window that stays closed to the end is closed until then") {
    CaptureScript script;
    script.handshake().client({.at_ms = 30, .seq = 1, .len = 1000}).server({.at_ms = 40, .ack = 1001, .window = 0});
    const auto story = script.until(9'040).finish();
    CHECK(story.connections.at(0).wire->server.window_closed_ms == 9'000);
}

TEST_CASE("one packet that two interfaces show is one") {
    CaptureScript script;
    script.handshake().client({.at_ms = 30, .seq = 1, .len = 100, .ip_id = 55, .interface = 0}).client({.at_ms = 30.04, .seq = 1, .len = 100, .ip_id = 55, .ttl = 63, .interface = 1});
    SECTION("within 100 us") {
        const auto story = script.finish();
        CHECK(story.copies == 1);
        CHECK(story.connections.at(0).wire->client.packets == 3);
        CHECK(story.connections.at(0).wire->client.retransmitted == 0);
    }
    SECTION("a bare ACK may be sent twice, and a RST") {
        const std::uint8_t flags = GENERATE(tcp_flag::ack, tcp_flag::rst);
        for (double at : {40.0, 40.01}) script.server({.at_ms = at, .seq = 1, .ack = 101, .flags = flags, .ip_id = 0, .tsval = 0});
        CHECK(script.finish().connections.at(0).wire->server.packets == 3);
    }
}
