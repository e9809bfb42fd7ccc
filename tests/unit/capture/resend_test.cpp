// Why a segment was sent again, or only came late.
#include <catch2/catch.hpp>

#include "support/capture_script.h"

using namespace tcpwitness;
using namespace test;
namespace mark = tcpwitness::segment_mark;

namespace {

/// Data of the client, 1000 bytes each: after the handshake (3 segments), number n is the event n + 3.
CaptureScript& data(CaptureScript& script, int first, int count, double at_ms) {
    for (int i = first; i < first + count; ++i) script.client({.at_ms = at_ms + i * 0.1, .seq = 1 + static_cast<std::uint32_t>(i) * 1000, .len = 1000});
    return script;
}

const Connection& only(const CaptureStory& story) {
    REQUIRE(story.connections.size() == 1);
    return story.connections.front();
}

}  // namespace

TEST_CASE("three duplicate ACKs make a fast retransmission, SACK too") {
    CaptureScript script;
    data(script.handshake(), 0, 5, 30);
    const bool with_sack = GENERATE(false, true);
    for (int i = 0; i < (with_sack ? 1 : 4); ++i) {
        Sent ack{.at_ms = 50 + i * 0.2, .ack = 1001};
        if (with_sack) ack.sack = {{2001, 5001}};
        script.server(ack);
    }
    script.client({.at_ms = 51, .seq = 1001, .len = 1000}).server({.at_ms = 71, .ack = 5001});
    const auto story = script.close(100, 5000).finish();
    const Connection& c = only(story);
    CHECK(c.wire->client.fast == 1);
    CHECK(c.wire->client.retransmitted == 1);
    CHECK(c.wire->client.bytes == 5000);
    CHECK(c.wire->server.duplicate_acks == (with_sack ? 0 : 3));
    const auto marks = CaptureScript::marks(c);
    CHECK(std::count(marks.begin(), marks.end(), mark::fast) == 1);
}

TEST_CASE("a resend after silence is the timer's, and what follows it in recovery too") {
    CaptureScript script;
    data(script.handshake(), 0, 3, 30);
    script.client({.at_ms = 330, .seq = 1, .len = 1000});           // nothing came back: RTO, the head first
    script.server({.at_ms = 350, .ack = 1001});
    script.client({.at_ms = 350.1, .seq = 1001, .len = 1000}).client({.at_ms = 350.2, .seq = 2001, .len = 1000});
    script.server({.at_ms = 370, .ack = 3001});
    const auto story = script.close(400, 3000).finish();
    CHECK(only(story).wire->client.rto == 3);
    CHECK(only(story).wire->client.fast == 0);
    CHECK(only(story).wire->client.loss_probe == 0);
}

TEST_CASE("the tail sent again once after silence is a loss probe, with SACK only") {
    CaptureScript script;
    data(script.handshake(), 0, 3, 30);
    script.client({.at_ms = 90, .seq = 2001, .len = 1000});
    script.client({.at_ms = 400, .seq = 2001, .len = 1000});
    script.server({.at_ms = 420, .ack = 3001});
    const auto story = script.close(500, 3000).finish();
    CHECK(only(story).wire->client.loss_probe == 1);
    CHECK(only(story).wire->client.rto == 1);
}

TEST_CASE("the tail sent again much later than RFC 8985 allows is the timer's") {
    CaptureScript script;
    data(script.handshake(), 0, 3, 30);
    const double at_ms = GENERATE(1'500.0, 400.0, 36.0);
    const auto story = script.client({.at_ms = at_ms, .seq = 2001, .len = 1000}).server({.at_ms = at_ms + 20, .ack = 3001}).finish();
    CHECK(only(story).wire->client.retransmitted == 1);
    CHECK(only(story).wire->client.loss_probe == 0);
}

TEST_CASE("a resend is spurious when DSACK says so, or the ACK echoes the first copy's timestamp") {
    CaptureScript script;
    data(script.handshake(), 0, 1, 30);
    script.client({.at_ms = 330, .seq = 1, .len = 1000});
    SECTION("DSACK") {
        script.server({.at_ms = 331, .ack = 1001, .tsecr = 1330}).server({.at_ms = 350, .ack = 1001, .sack = {{1, 1001}}});
    }
    SECTION("Eifel") { script.server({.at_ms = 331, .ack = 1001, .tsecr = 1030}); }
    SECTION("both: once") { script.server({.at_ms = 331, .ack = 1001, .tsecr = 1030}).server({.at_ms = 350, .ack = 1001, .sack = {{1, 1001}}}); }
    const auto story = script.close(400, 1000).finish();
    const Connection& c = only(story);
    CHECK(c.wire->client.spurious == 1);
    CHECK(c.wire->client.retransmitted == 1);
    CHECK((CaptureScript::marks(c).at(4) & mark::spurious) != 0);  // the resend itself is marked
}

TEST_CASE("an ACK that echoes the resend makes it needed") {
    CaptureScript script;
    data(script.handshake(), 0, 1, 30);
    script.client({.at_ms = 330, .seq = 1, .len = 1000}).server({.at_ms = 350, .ack = 1001, .tsecr = 1330});
    CHECK(only(script.finish()).wire->client.spurious == 0);
}

TEST_CASE("what was sent again after it had been acknowledged is spurious") {
    CaptureScript script;
    data(script.handshake(), 0, 1, 30);
    script.server({.at_ms = 45, .ack = 1001}).client({.at_ms = 330, .seq = 1, .len = 1000});
    const auto story = script.finish();
    CHECK(only(story).wire->client.spurious == 1);
    CHECK(only(story).wire->client.bytes == 1000);
}

TEST_CASE("a segment that was overtaken is late, one that fills a hole much later was sent again") {
    CaptureScript script;
    script.handshake();
    script.client({.at_ms = 30, .seq = 1, .len = 1000, .ip_id = 200});
    script.client({.at_ms = 31, .seq = 2001, .len = 1000, .ip_id = 202});
    SECTION("IP id tells that it left before") {
        script.client({.at_ms = 33, .seq = 1001, .len = 1000, .ip_id = 201, .tsval = 1031});
        const auto story = script.server({.at_ms = 40, .ack = 3001}).close(100, 3000).finish();
        CHECK(only(story).wire->client.out_of_order == 1);
        CHECK(only(story).wire->client.retransmitted == 0);
        CHECK(only(story).wire->client.lost_before == 0);
        CHECK(only(story).wire->client.bytes == 3000);
    }
    SECTION("its timestamp tells that it left after") {
        script.client({.at_ms = 33, .seq = 1001, .len = 1000, .ip_id = 203});
        CHECK(only(script.finish()).wire->client.retransmitted == 1);
    }
    SECTION("neither tells: by time") {
        CaptureScript bare;
        bare.handshake();
        bare.client({.at_ms = 30, .seq = 1, .len = 1000, .ip_id = 0, .tsval = 0}).client({.at_ms = 31, .seq = 2001, .len = 1000, .ip_id = 0, .tsval = 0});
        const bool soon = GENERATE(true, false);
        bare.client({.at_ms = soon ? 32.0 : 331.0, .seq = 1001, .len = 1000, .ip_id = 0, .tsval = 0});
        const auto story = bare.finish();
        CHECK(only(story).wire->client.out_of_order == (soon ? 1 : 0));
        CHECK(only(story).wire->client.retransmitted == (soon ? 0 : 1));
    }
}

TEST_CASE("a bare ACK tells by its number what its sender has sent before it") {
    CaptureScript script;
    script.handshake().client({.at_ms = 30, .seq = 1, .len = 100}).server({.at_ms = 40, .ack = 101});
    script.server({.at_ms = 50, .seq = 501, .ack = 101, .ip_id = 900, .tsval = 7'000});  // 500 bytes were never captured
    SECTION("sent again") {
        const auto story = script.server({.at_ms = 350, .seq = 1, .ack = 101, .len = 500, .ip_id = 901, .tsval = 7'300}).finish();
        CHECK(only(story).wire->server.retransmitted == 1);
        CHECK(only(story).wire->server.lost_before == 1);
        CHECK(only(story).wire->server.bytes == 500);
    }
    SECTION("only overtaken by it") {
        const auto story = script.server({.at_ms = 50.1, .seq = 1, .ack = 101, .len = 500, .ip_id = 899, .tsval = 7'000}).finish();
        CHECK(only(story).wire->server.retransmitted == 0);
        CHECK(only(story).wire->server.out_of_order == 1);
        CHECK(only(story).wire->server.lost_before == 0);
    }
    SECTION("what follows is new, and round trips are not measured by it") {
        script.client({.at_ms = 60, .seq = 101, .ack = 501}).server({.at_ms = 70, .seq = 501, .ack = 101, .len = 100});
        const auto story = script.finish();
        CHECK(only(story).wire->server.retransmitted == 0);
        CHECK(only(story).wire->server.least_rtt_us == 10'000);  // the SYN-ACK's
    }
}

TEST_CASE("what a capture saw first need not be the next that the other end waits for") {
    CaptureScript script;
    script.server({.at_ms = 0, .seq = 1'401, .len = 22, .ip_id = 502, .tsval = 9}).client({.at_ms = 0.2, .ack = 1, .sack = {{1'401, 1'423}}});
    const auto story = script.server({.at_ms = 0.5, .seq = 1, .len = 1'400, .ip_id = 501, .tsval = 9}).client({.at_ms = 0.9, .ack = 1'423}).finish();
    CHECK(only(story).wire->server.out_of_order == 1);
    CHECK(only(story).wire->server.retransmitted == 0);
    CHECK(only(story).wire->server.spurious == 0);
}

TEST_CASE("a longer segment is no copy of a shorter one, though both have one IP id") {
    CaptureScript script;
    script.handshake().client({.at_ms = 30, .seq = 1, .len = 1, .ip_id = 5, .tsval = 0}).client({.at_ms = 31, .seq = 1, .len = 21, .ip_id = 5, .tsval = 0});
    CHECK(only(script.finish()).wire->client.retransmitted == 1);
}

TEST_CASE("a resend after fragmentation needed is told as such") {
    CaptureScript script;
    script.handshake().client({.at_ms = 30, .seq = 1, .len = 1400}).icmp(35, 4, 1300);
    script.client({.at_ms = 36, .seq = 1, .len = 1248}).client({.at_ms = 36.1, .seq = 1249, .len = 152}).server({.at_ms = 56, .ack = 1401});
    const auto story = script.finish();
    CHECK(only(story).wire->client.too_big >= 1);
    CHECK(only(story).wire->client.rto == 0);
    CHECK(only(story).wire->client.out_of_order == 0);
}

TEST_CASE("data that was never captured is missed, once") {
    CaptureScript script;
    script.handshake().client({.at_ms = 30, .seq = 1, .len = 100}).client({.at_ms = 31, .seq = 301, .len = 100}).server({.at_ms = 50, .ack = 401});
    const auto story = script.close(60, 400).finish();
    CHECK(only(story).wire->client.lost_before == 1);
    CHECK(only(story).wire->client.bytes == 200);
    CHECK(only(story).wire->history.find('G') != std::string::npos);
}

TEST_CASE("SYNs sent again are the timer's") {
    CaptureScript script;
    script.syn(0).syn(1000).syn(3000);
    const auto story = script.until(20'000).finish();
    CHECK(only(story).wire->client.rto == 2);
    CHECK(only(story).ending == Ending::connect_timeout);
    CHECK(only(story).wire->conn_state == "S0");
}

TEST_CASE("round trips: Karn's rule, the least and the median") {
    CaptureScript script;
    script.handshake();
    for (std::uint32_t i = 0; i < 40; ++i) {
        const double at = 100 + i * 100;
        script.client({.at_ms = at, .seq = 1 + i * 10, .len = 10}).server({.at_ms = at + 20 + (i % 5), .ack = 11 + i * 10});
    }
    const auto story = script.finish();
    CHECK(only(story).wire->client.least_rtt_us == 10'000);  // the SYN
    CHECK(only(story).wire->client.median_rtt_us >= 20'000);
    CHECK(only(story).wire->client.median_rtt_us <= 24'000);
    CHECK(only(story).wire->handshake_rtt_us == 20'000);
}

TEST_CASE("a segment that the capture shows behind its own ACK was sent once") {
    CaptureScript script;
    script.handshake().client({.at_ms = 30, .seq = 1, .len = 100}).server({.at_ms = 40, .ack = 101});
    script.server({.at_ms = 50, .ack = 201}).client({.at_ms = 50.7, .seq = 101, .len = 100});
    SECTION("once") {
        const auto story = script.client({.at_ms = 80, .seq = 201, .len = 100}).server({.at_ms = 90, .ack = 301}).finish();
        CHECK(only(story).wire->client.retransmitted == 0);
        CHECK(only(story).wire->client.out_of_order == 1);
        CHECK(only(story).wire->client.bytes == 300);
    }
    SECTION("the second time it was sent again") {
        const auto story = script.client({.at_ms = 55, .seq = 101, .len = 100}).finish();
        CHECK(only(story).wire->client.retransmitted == 1);
    }
}
