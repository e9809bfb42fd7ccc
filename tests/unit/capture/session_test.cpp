// Where a session begins and ends, and what Zeek and Wireshark call it.
#include <catch2/catch.hpp>

#include "support/capture_script.h"

using namespace tcpwitness;
using namespace test;
using tcp_flag::ack, tcp_flag::fin, tcp_flag::psh, tcp_flag::rst, tcp_flag::syn;

namespace {

std::string state(const CaptureStory& story) { return std::string(story.connections.at(0).wire->conn_state); }

}  // namespace

TEST_CASE("a session in good order") {
    CaptureScript script;
    script.handshake().client({.at_ms = 30, .len = 100, .flags = ack | psh}).server({.at_ms = 40, .ack = 101, .len = 200, .flags = ack | psh});
    const auto story = script.close(50, 100, 200).finish();
    const Connection& c = story.connections.at(0);
    CHECK(state(story) == "SF");
    CHECK(c.wire->history == "ShADdFf");
    CHECK(c.wire->completeness == 31);
    CHECK(c.ending == Ending::closed);
    CHECK(c.wire->client.bytes == 100);
    CHECK(c.wire->server.bytes == 200);
    CHECK(c.wire->client.mss == 1460);
    CHECK(c.wire->client.window_scale == 7);
    CHECK(c.established_ns == start_ns + 20 * ms);
    CHECK(c.local_isn == client_isn);
    CHECK(c.flow.local.port == 40'000);
    CHECK(c.events.size() == 8);
    CHECK(c.events[3].id == 4);  // a packet's event is its frame
}

TEST_CASE("conn_state, as Zeek tells it") {
    CaptureScript script;
    SECTION("S0") { CHECK(state(script.syn(0).finish()) == "S0"); }
    SECTION("REJ") {
        const auto story = script.syn(0).server({.at_ms = 1, .seq = 0, .flags = rst | ack}).finish();
        CHECK(state(story) == "REJ");
        CHECK(story.connections[0].ending == Ending::refused);
        CHECK(story.connections[0].wire->completeness == 37);
    }
    SECTION("S1") { CHECK(state(script.handshake().finish()) == "S1"); }
    SECTION("RSTO") { CHECK(state(script.handshake().client({.at_ms = 30, .flags = rst}).finish()) == "RSTO"); }
    SECTION("RSTR") { CHECK(state(script.handshake().server({.at_ms = 30, .flags = rst}).finish()) == "RSTR"); }
    SECTION("RSTOS0") { CHECK(state(script.syn(0).client({.at_ms = 30, .flags = rst}).finish()) == "RSTOS0"); }
    SECTION("S2") { CHECK(state(script.handshake().client({.at_ms = 30, .flags = fin | ack}).finish()) == "S2"); }
    SECTION("S3") { CHECK(state(script.handshake().server({.at_ms = 30, .flags = fin | ack}).finish()) == "S3"); }
    SECTION("SH") { CHECK(state(script.syn(0).client({.at_ms = 30, .flags = fin | ack}).finish()) == "SH"); }
    SECTION("SHR") { CHECK(state(script.syn_ack(0).server({.at_ms = 30, .flags = fin | ack}).finish()) == "SHR"); }
    SECTION("RSTRH") { CHECK(state(script.syn_ack(0).server({.at_ms = 30, .flags = rst}).finish()) == "RSTRH"); }
    SECTION("OTH") { CHECK(state(script.client({.at_ms = 0, .len = 5}).server({.at_ms = 1, .ack = 6}).finish()) == "OTH"); }
}

TEST_CASE("completeness, as Wireshark tells it") {
    CaptureScript script;
    const auto completeness = [&] { return script.finish().connections.at(0).wire->completeness; };
    SECTION("an ACK that brings data is none") {
        script.syn(0).syn_ack(10).client({.at_ms = 20, .len = 10, .flags = ack | psh});
        CHECK(completeness() == 11);
    }
    SECTION("data in the SYN") { CHECK((script.client({.at_ms = 0, .seq = 0, .ack = 0, .len = 10, .flags = syn}), completeness()) == 9); }
    SECTION("a FIN without ACK is none") {
        script.handshake().client({.at_ms = 30, .flags = fin});
        CHECK(completeness() == 7);
    }
}

TEST_CASE("a tuple used again begins another session, by a new ISN once the old one is over") {
    CaptureScript script;
    script.handshake();
    SECTION("closed") { script.close(30); }
    SECTION("reset") { script.client({.at_ms = 30, .flags = rst}); }
    const auto story = script.isn(9'000).syn(100).finish();
    REQUIRE(story.connections.size() == 2);
    CHECK(story.connections[1].wire->stream == 1);
    CHECK(story.connections[1].local_isn == 9'000);
}

TEST_CASE("a host that begins anew long after has forgotten the old session, though nothing told its end") {
    CaptureScript script;
    CHECK(script.handshake().isn(9'000).syn(400'000).finish().connections.size() == 2);
}

TEST_CASE("another ISN begins no new session") {
    CaptureScript script;
    SECTION("a SYN-ACK after an injected RST answers the same SYN") {
        script.syn(0).client({.at_ms = 5, .seq = 1, .flags = rst}).syn_ack(10).syn(1'000);
        script.server({.at_ms = 1'010, .seq = 777, .flags = syn | ack});
    }
    SECTION("a SYN sent again after a RST") { script.syn(0).server({.at_ms = 5, .seq = 0, .flags = rst | ack}).syn(1'000); }
    SECTION("a SYN into a live session") { script.handshake().client({.at_ms = 500, .seq = 4'711, .flags = syn}).server({.at_ms = 510}); }
    SECTION("both ends open at once") {
        script.syn(0).server({.at_ms = 1, .seq = 0, .flags = syn}).client({.at_ms = 10, .seq = 0, .flags = syn | ack}).server({.at_ms = 11, .seq = 0, .flags = syn | ack});
        script.client({.at_ms = 20}).server({.at_ms = 21});
    }
    CHECK(script.finish().connections.size() == 1);
}

TEST_CASE("an unanswered attempt with a new ISN is an attempt of its own") {
    CaptureScript script;
    CHECK(script.syn(0).isn(9'000).syn(5'000).finish().connections.size() == 2);
}

TEST_CASE("a capture that begins in the middle") {
    CaptureScript script;
    script.server({.at_ms = 0, .seq = 5'000, .ack = 900, .len = 1'000}).client({.at_ms = 10, .seq = 900, .ack = 6'000});
    script.server({.at_ms = 11, .seq = 6'000, .ack = 900, .len = 1'000}).client({.at_ms = 20, .seq = 900, .ack = 7'000});
    const auto story = script.finish();
    const Connection& c = story.connections.at(0);
    CHECK(c.preexisting);
    CHECK(c.flow.local.port == 40'000);  // 443 is the service, though it spoke first
    CHECK(c.wire->server.bytes == 2'000);
    CHECK(c.wire->server.lost_before == 0);
    CHECK(c.wire->server.retransmitted == 0);
    CHECK(c.ending == Ending::open);
}

TEST_CASE("a RST of no session is none") {
    CaptureScript script;
    const auto story = script.client({.at_ms = 0, .flags = rst}).finish();
    CHECK(story.connections.empty());
    REQUIRE(story.unmatched.size() == 1);
    CHECK(story.unmatched[0].as<Segment>()->rst());
}

TEST_CASE("how a session ended") {
    CaptureScript script;
    SECTION("an RTO again and again, unanswered") {
        script.handshake().client({.at_ms = 30, .len = 100});
        for (double at : {330.0, 930.0, 2'130.0, 4'530.0}) script.client({.at_ms = at, .len = 100});
        SECTION("to the end") { CHECK(script.until(60'000).finish().connections[0].ending == Ending::timed_out); }
        SECTION("the capture stopped before the next") { CHECK(script.until(5'000).finish().connections[0].ending == Ending::open); }
        SECTION("answered at last") { CHECK(script.server({.at_ms = 4'560, .ack = 101}).until(60'000).finish().connections[0].ending == Ending::open); }
    }
    SECTION("ICMP refused it") {
        const auto story = script.syn(0).icmp(5, 1).finish();
        CHECK(story.connections[0].ending == Ending::connect_failed);
        CHECK(story.connections[0].error == EHOSTUNREACH);
        CHECK(story.connections[0].events.size() == 2);
    }
    SECTION("a RST after both FINs is late") {
        const auto story = script.handshake().close(30).server({.at_ms = 60, .seq = 2, .flags = rst}).finish();
        CHECK(story.connections[0].ending == Ending::closed);
        CHECK(story.connections[0].has(sign::late_reset));
        CHECK(state(story) == "SF");
    }
}

TEST_CASE("which end is the witness's own") {
    CaptureScript script;
    SECTION("a router has lowered one end's TTL") {
        const bool client_far = GENERATE(true, false);
        for (std::uint16_t port = 1; port < 4; ++port) {
            script.port(port).client({.at_ms = port * 1.0, .seq = 0, .flags = syn, .ttl = static_cast<std::uint8_t>(client_far ? 57 : 64)});
            script.server({.at_ms = port + 0.5, .seq = 0, .flags = syn | ack, .ttl = static_cast<std::uint8_t>(client_far ? 64 : 240)});
        }
        const auto story = script.finish();
        CHECK_FALSE(story.on_the_way);
        CHECK(story.connections[0].role == (client_far ? Role::server : Role::client));
        CHECK(story.connections[0].flow.local.address.text() == (client_far ? "192.0.2.9" : "10.0.0.1"));
        CHECK(story.connections[0].embryonic == client_far);
    }
    SECTION("an interface tells") {
        script.client({.at_ms = 0, .seq = 0, .flags = syn, .direction = -1});
        CHECK(script.finish().connections[0].role == Role::server);
    }
    SECTION("a capture between two routers") {
        script.client({.at_ms = 0, .seq = 0, .flags = syn, .ttl = 60}).server({.at_ms = 1, .seq = 0, .flags = syn | ack, .ttl = 61});
        const auto story = script.finish();
        CHECK(story.on_the_way);
        CHECK(story.connections[0].role == Role::client);
        CHECK(story.info.witnesses.at(0).name == "on the path");
    }
    SECTION("who answers at once is nearer") {
        script.syn(0).syn_ack(0.05).client({.at_ms = 20});
        CHECK(script.finish().connections[0].role == Role::server);
    }
}

TEST_CASE("quiet sessions of a large capture keep no events, those in trouble do") {
    CaptureScript script({.keep_packets = 50});
    for (std::uint16_t port = 1; port <= 200; ++port) {
        script.port(port).handshake(port * 100.0);
        if (port == 150)
            script.server({.at_ms = port * 100.0 + 30, .flags = rst});
        else
            script.close(port * 100.0 + 30);
    }
    const auto story = script.finish();
    REQUIRE(story.connections.size() == 200);
    CHECK(story.connections[0].events.empty());
    CHECK(story.connections[0].wire->conn_state == "SF");
    CHECK(story.connections[149].events.size() == 4);
    CHECK(story.connections[199].id == 200);
}

TEST_CASE("all control segments on request") {
    CaptureScript script({.keep_all_control = true, .keep_packets = 0});
    for (std::uint16_t port = 1; port <= 3; ++port) script.port(port).handshake().client({.at_ms = 30, .len = 10}).close(40, 10);
    const auto story = script.finish();
    CHECK(story.connections[2].events.size() == 4);
}

TEST_CASE("a long session keeps its first and last packets, and marked ones between") {
    CaptureScript script({.max_events_per_connection = 70});
    script.handshake();
    for (std::uint32_t i = 0; i < 500; ++i) {
        script.client({.at_ms = 30.0 + i * 30, .seq = 1 + i * 10, .len = 10});
        if (i == 250) script.client({.at_ms = 40.0 + i * 30, .seq = 1 + i * 10, .len = 10});
        script.server({.at_ms = 45.0 + i * 30, .ack = 11 + i * 10});
    }
    const auto story = script.client({.at_ms = 40'000, .seq = 5'001, .flags = rst}).finish();
    const Connection& c = story.connections.at(0);
    CHECK(c.events.size() <= 90);
    CHECK(c.events.size() + c.events_dropped == 1'005);
    CHECK(c.events.front().as<Segment>()->syn());
    CHECK(c.events.back().as<Segment>()->rst());
    const auto marks = CaptureScript::marks(c);
    CHECK(std::count_if(marks.begin(), marks.end(), [](std::uint32_t one) { return one & segment_mark::retransmission; }) == 1);
}

TEST_CASE("live sessions are bounded") {
    CaptureScript script({.max_live = 100});
    for (std::uint16_t port = 1; port <= 5'000; ++port) script.port(port).syn(port);
    CHECK(script.finish().connections.size() == 5'000);
    CaptureScript counted({.max_live = 100, .max_listed = 1'000});
    for (std::uint16_t port = 1; port <= 5'000; ++port) counted.port(port).syn(port);
    const auto story = counted.finish();
    CHECK(story.connections.size() == 1'000);
    CHECK(story.not_listed == 4'000);
}

namespace {

/// One session's data, a packet for each time.
CaptureStory data_at(const std::vector<std::uint64_t>& times) {
    Packet packet;
    packet.kind = Packet::Kind::tcp;
    packet.source = *Address::parse("10.0.0.1");
    packet.destination = *Address::parse("192.0.2.9");
    packet.source_port = 40'000;
    packet.destination_port = 443;
    packet.flags = tcp_flag::ack;
    packet.payload = 10;
    std::vector<DecodedPacket> packets;
    for (const std::uint64_t time_ns : times) {
        CapturedPacket captured;
        captured.time_ns = time_ns;
        captured.frame = packets.size() + 1;
        packet.seq += 10;
        packets.push_back({captured, packet, SessionTable::hash_of(packet)});
    }
    CaptureAnalyzer analyzers[1];
    analyzers[0].add(packets);
    return CaptureAnalyzer::finish(analyzers, NoReader{});
}

}  // namespace

TEST_CASE("a packet of 1970 among those of today, and one of the end of all times, have the time of their neighbours") {
    const bool today = GENERATE(false, true);
    const CaptureStory story = data_at({0, today ? start_ns : 5'000, UINT64_MAX, today ? start_ns + 9 : 5'009});
    REQUIRE(story.connections.size() == 1);
    CHECK(story.connections[0].begin_ns == (today ? start_ns : 0));
    CHECK(story.connections[0].end_ns == (today ? start_ns + 9 : 5'009));
    REQUIRE(story.info.damage.size() == 1);
    CHECK(story.info.damage[0] == (today ? "the time of 2 packets cannot be" : "the time of 1 packet cannot be"));
}

TEST_CASE("a packet of another year than its neighbours has their time; where the capture itself goes on years later, all have their own") {
    constexpr std::uint64_t years = std::uint64_t{48} * 31'557'600 * 1'000 * ms;
    const bool alone = GENERATE(true, false), later = GENERATE(true, false);
    const std::uint64_t away = later ? start_ns + years : start_ns - years;
    const CaptureStory story = data_at({start_ns, away, alone ? start_ns + 9 : away + 9});
    CHECK(story.info.damage.size() == alone);
    if (alone) CHECK(story.connections.at(0).end_ns == start_ns + 9);
}
