#include "capture/icmp_notes.h"

#include <catch2/catch.hpp>

#include "model/marker.h"

using namespace tcpwitness;

namespace {

Event echo(std::string_view data, std::uint32_t wire_bytes) {
    Packet packet;
    packet.kind = Packet::Kind::echo_request;
    packet.icmp_type = 8;
    packet.source = packet.destination = *Address::parse("127.0.0.1");
    packet.payload = wire_bytes;
    packet.data = data;
    CapturedPacket captured;
    captured.frame = 12;
    IcmpNotes notes;
    notes.add(captured, packet, nullptr);
    auto events = notes.take_unmatched();
    REQUIRE(events.size() == 1);
    return events.front();
}

}  // namespace

TEST_CASE("an echo request of a capture is a marker: by the name in its data, else by its size") {
    const Event named = echo(marker_data("begin"), 48);
    CHECK(named.id == 12);
    REQUIRE(named.as<Icmp>());
    CHECK(named.as<Icmp>()->echo_request());
    CHECK(frame_of(named) == 12);
    CHECK(named.as<Icmp>()->marker == "begin");
    CHECK(named.as<Icmp>()->echo_payload == 48);
    const Event plain = echo("0123456789", 22);
    CHECK(plain.as<Icmp>()->marker.empty());
    CHECK(plain.as<Icmp>()->echo_payload == 22);
    CHECK(echo(std::string_view(marker_data("begin")).substr(0, 5), 48).as<Icmp>()->marker.empty());
}
