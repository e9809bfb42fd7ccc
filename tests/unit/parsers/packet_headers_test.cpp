#include "parsers/packet_headers.h"

#include <catch2/catch.hpp>

#include "support/packet_bytes.h"

using namespace tcpwitness;
using namespace packet_bytes;

TEST_CASE("a segment's headers, in the events' words") {
    const std::string options = bytes({2, 4, 0x05, 0xb4, 1, 1, 8, 10, 0, 0, 1, 0, 0, 0, 2, 0});
    const std::string packet = ethernet(0x0800, ipv4(6, tcp({.flags = 2, .options = options, .payload = "xyz"})));
    const auto parsed = parse_segment(1, packet, static_cast<std::uint32_t>(packet.size()));
    REQUIRE(parsed);
    CHECK(parsed->flow.local.text() == "10.1.0.2:40001");
    CHECK(parsed->flow.peer.text() == "10.2.0.2:5061");
    const Segment& segment = parsed->segment;
    CHECK(segment.syn());
    CHECK(segment.seq == 7000);
    CHECK(segment.ack == 9);
    CHECK(segment.window == 64240);
    CHECK(segment.payload == 3);
    CHECK(segment.ttl == 63);
    CHECK(segment.ip_id == 0x1234);
    CHECK(segment.dont_fragment);
    CHECK(segment.mss == 1460);
    CHECK(segment.has_timestamps);
    CHECK(segment.tsval == 256);
    CHECK(segment.tsecr == 512);
    CHECK(segment.options_length == 16);
    CHECK(segment.has_mac);
    CHECK(segment.source_mac[5] == 1);
}

TEST_CASE("what is no segment of TCP is nothing") {
    const auto parse = [](const std::string& packet) { return parse_segment(101, packet, static_cast<std::uint32_t>(packet.size())); };
    CHECK(parse(ipv4(6, tcp())));
    CHECK_FALSE(parse(ipv4(6, tcp(), 0x00b9)));
    CHECK_FALSE(parse(ipv4(17, udp(53, std::string(30, 'd')))));
    CHECK_FALSE(parse(ipv4(1, bytes({3, 1, 0, 0, 0, 0, 0, 0}) + ipv4(6, tcp()))));
    CHECK_FALSE(parse(""));
}

TEST_CASE("a packet on the loopback device is two events, elsewhere one") {
    const std::string packet = ipv4(6, tcp());
    const auto parsed = parse_segment(101, packet, static_cast<std::uint32_t>(packet.size()));
    REQUIRE(parsed);
    std::vector<Event> events;
    add_segment_events({}, *parsed, false, "lo", events);
    REQUIRE(events.size() == 2);
    CHECK(events[0].as<Segment>()->outgoing);
    CHECK(events[0].flow.local.port == 40001);
    CHECK_FALSE(events[1].as<Segment>()->outgoing);
    CHECK(events[1].flow.local.port == 5061);
    add_segment_events({}, *parsed, false, "eth0", events);
    CHECK(events.size() == 3);
    CHECK_FALSE(events[2].as<Segment>()->outgoing);
}
