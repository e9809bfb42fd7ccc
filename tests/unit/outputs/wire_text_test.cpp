#include <catch2/catch.hpp>

#include "outputs/wire_text.h"

using namespace tcpwitness;

TEST_CASE("What packets tell of a session, in one line") {
    WireFacts facts;
    facts.conn_state = "SF";
    facts.history = "ShADadFf";
    facts.completeness = 31;
    facts.client.bytes = 320;
    facts.server.bytes = 64'499;
    facts.handshake_rtt_us = 12'000;
    CHECK(wire_text(facts) == "SF ShADadFf (complete, with data), 320 B out and 64 kB back, round trip 12 ms");
    facts.server.retransmitted = 3;
    facts.server.rto = 1;
    facts.server.fast = 2;
    facts.client.retransmitted = facts.client.loss_probe = facts.client.spurious = 1;
    CHECK(wire_text(facts) == "SF ShADadFf (complete, with data), 320 B out and 64 kB back, round trip 12 ms, sent again 4 (1 RTO, 2 fast, 1 loss probe, 1 in vain)");
}

TEST_CASE("Completeness in Wireshark's words") {
    CHECK(completeness_text(31) == "complete, with data");
    CHECK(completeness_text(39) == "complete, no data");
    CHECK(completeness_text(15) == "incomplete, 15");
    CHECK(completeness_text(0) == "incomplete, 0");
}
