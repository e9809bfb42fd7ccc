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

TEST_CASE("what was under way when the window closed is no probe, nor is a FIN") {
    CaptureScript script;
    script.handshake().client({.at_ms = 30, .seq = 1, .len = 1000}).server({.at_ms = 40, .ack = 1001, .window = 0});
    SECTION("a full segment") { script.client({.at_ms = 45, .seq = 1001, .len = 1000}); }
    SECTION("a FIN with the last byte") { script.client({.at_ms = 400, .seq = 1001, .len = 1, .flags = tcp_flag::fin | tcp_flag::ack}); }
    const auto story = script.server({.at_ms = 500, .ack = 1001, .window = 500}).finish();
    CHECK(story.connections.at(0).wire->client.window_probes == 0);
}

TEST_CASE("a window that stays closed to the end is closed until then") {
    CaptureScript script;
    script.handshake().client({.at_ms = 30, .seq = 1, .len = 1000}).server({.at_ms = 40, .ack = 1001, .window = 0});
    const auto story = script.until(9'040).finish();
    CHECK(story.connections.at(0).wire->server.window_closed_ms == 9'000);
}
