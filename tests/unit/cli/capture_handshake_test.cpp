// Which of a slow handshake's three packets was late, by packets alone.
#include <catch2/catch.hpp>

#include "support/capture_findings.h"

using namespace tcpwitness;
using namespace test;
using tcp_flag::ack, tcp_flag::syn;

namespace {

Finding slow(CaptureScript& script) {
    const Finding f = only(script);
    CHECK(f.rule == "handshake-slow");
    return f;
}

/// Seen at the client, or at the server.
CaptureScript& packets(CaptureScript& script, bool at_server, std::vector<double> syns, double syn_ack_ms, double ack_ms) {
    const auto direction = static_cast<std::int8_t>(at_server ? -1 : 1);
    for (double at : syns)
        if (at < syn_ack_ms) script.client({.at_ms = at, .seq = 0, .ack = 0, .flags = syn, .direction = direction});
    script.server({.at_ms = syn_ack_ms, .seq = 0, .flags = syn | ack, .direction = static_cast<std::int8_t>(-direction)});
    return script.client({.at_ms = ack_ms, .direction = direction}).close(ack_ms + 100).until(ack_ms + 10'000);
}

}  // namespace

TEST_CASE("handshake-slow: the SYN, the SYN-ACK or the ACK") {
    CaptureScript script;
    SECTION("SYNs were lost") {
        const Finding f = slow(packets(script, false, {0, 1'000, 3'000}, 3'010, 3'011));
        CHECK(f.culprit == Culprit::path);
        CHECK(says(f, "3 SYNs were sent until a SYN-ACK came"));
    }
    SECTION("the SYN-ACK was late") {
        const Finding f = slow(packets(script, false, {0}, 2'500, 2'501));
        CHECK(f.culprit == Culprit::path);
        CHECK(says(f, "the SYN-ACK came 2.5"));
        CHECK(says(f, "after the SYN"));
    }
    SECTION("its own ACK was late") {
        const Finding f = slow(packets(script, false, {0}, 10, 2'500));
        CHECK(f.culprit == Culprit::local_kernel);
        CHECK(says(f, "the ACK that ends it left 2.5"));
    }
    SECTION("at the server: its own answer was late") {
        const Finding f = slow(packets(script, true, {0}, 2'500, 2'501));
        CHECK(f.culprit == Culprit::local_kernel);
        CHECK(says(f, "the SYN-ACK left 2.5"));
    }
    SECTION("at the server: the ACK was late") {
        const Finding f = slow(packets(script, true, {0}, 1, 2'500));
        CHECK(f.culprit == Culprit::path);
        CHECK(says(f, "the ACK that ends it came 2.5"));
    }
}

TEST_CASE("handshake-slow: not where the ACK that ended it was not captured") {
    CaptureScript script;
    const bool at_server = GENERATE(false, true);
    const auto direction = static_cast<std::int8_t>(at_server ? -1 : 1);
    script.client({.at_ms = 0, .seq = 0, .ack = 0, .flags = syn, .direction = direction}).syn_ack(10);
    script.client({.at_ms = 7'000, .len = 100}).server({.at_ms = 7'010, .ack = 101}).close(7'100, 100);
    CHECK(judgement(script.until(9'000)).findings.empty());
}

TEST_CASE("handshake-slow: a SYN that is sent again though its SYN-ACK was captured") {
    CaptureScript script;
    script.client({.at_ms = 0, .seq = 0, .ack = 0, .flags = syn, .direction = 1}).syn_ack(1).client({.at_ms = 3'000, .seq = 0, .ack = 0, .flags = syn, .direction = 1});
    const Finding f = slow(script.syn_ack(3'001).client({.at_ms = 3'002}).close(3'100).until(9'000));
    CHECK(f.culprit == Culprit::local_firewall);
    CHECK(says(f, "the SYN was sent again all the same"));
}

TEST_CASE("handshake-slow: not one that took a second") {
    CaptureScript script;
    const bool at_server = GENERATE(false, true);
    CHECK(judgement(packets(script, at_server, {0, 1'000}, 1'010, 1'030)).findings.empty());
}

TEST_CASE("handshake-slow: on one host there is no path") {
    CaptureScript script;
    CaptureStory capture = packets(script, false, {0, 1'000, 3'000}, 3'010, 3'011).finish();
    for (Connection& c : capture.connections) {
        c.flow.peer.address = c.flow.local.address;
        for (Event& event : c.events) event.flow = c.flow;
    }
    const auto findings = find_all(story_from(std::move(capture)));
    REQUIRE(findings.size() == 1);
    CHECK(findings[0].rule == "handshake-slow");
    CHECK(findings[0].culprit == Culprit::local_kernel);
    CHECK(says(findings[0], "no path lies between them"));
}

TEST_CASE("captures: two stacks answer one SYN") {
    using tcp_flag::ack, tcp_flag::rst, tcp_flag::syn;
    CaptureScript script;
    script.client({.at_ms = 0, .seq = 0, .flags = syn, .direction = 1}).server({.at_ms = 10, .seq = 0, .flags = syn | ack, .ttl = 57, .direction = -1});
    bool told = true;
    SECTION("soon after each other, from one distance") { script.server({.at_ms = 12, .seq = 5'000, .flags = syn | ack, .ttl = 57, .direction = -1}); }
    SECTION("from another distance, for the SYN and its copy") {
        script.syn(1'000).server({.at_ms = 1'010, .seq = 5'000, .flags = syn | ack, .ttl = 61, .direction = -1});
    }
    SECTION("not one that forgot it, and answers the copy anew") {
        script.syn(1'000).server({.at_ms = 1'010, .seq = 5'000, .flags = syn | ack, .ttl = 57, .direction = -1});
        told = false;
    }
    SECTION("not late answers to several copies") {
        script.port(40'001).syn(0).syn(900).server({.at_ms = 1'500, .seq = 0, .flags = syn | ack, .ttl = 57, .direction = -1}).server({.at_ms = 1'501, .seq = 5'000, .flags = syn | ack, .ttl = 57, .direction = -1});
        told = false;
    }
    SECTION("not the same SYN-ACK, sent again") {
        script.server({.at_ms = 12, .seq = 0, .flags = syn | ack, .ttl = 57, .direction = -1});
        told = false;
    }
    SECTION("not after a RST") {
        script.client({.at_ms = 11, .flags = rst, .direction = 1}).server({.at_ms = 12, .seq = 5'000, .flags = syn | ack, .ttl = 57, .direction = -1});
        told = false;
    }
    const auto findings = find_all(story_from(script.until(60'000).finish()));
    INFO(all_text(findings));
    const bool said = std::any_of(findings.begin(), findings.end(), [](const Finding& f) { return f.rule == "answered-twice"; });
    CHECK(said == told);
}

TEST_CASE("captures: who goes on with the first of two answers has one session; the other answer harms nobody else's numbers") {
    using tcp_flag::ack, tcp_flag::psh, tcp_flag::syn;
    CaptureScript script;
    script.client({.at_ms = 0, .seq = 0, .flags = syn, .direction = 1}).server({.at_ms = 10, .seq = 0, .flags = syn | ack, .ttl = 57, .direction = -1}).client({.at_ms = 11, .direction = 1});
    script.server({.at_ms = 12, .seq = 5'000, .flags = syn | ack, .ttl = 61, .direction = -1}).client({.at_ms = 13, .direction = 1});
    script.client({.at_ms = 20, .len = 100, .flags = ack | psh, .direction = 1}).server({.at_ms = 30, .ack = 101, .len = 900, .flags = ack | psh, .ttl = 57, .direction = -1});
    const Finding f = only(script.close(50, 100, 900).until(60'000));
    CHECK(f.rule == "answered-twice");
    CHECK(f.harm == Harm::delay);
}
