// RSTs of another machine, and those that only look so; by packets alone.
#include <catch2/catch.hpp>

#include <algorithm>

#include "support/capture_findings.h"

using namespace tcpwitness;
using namespace test;
using tcp_flag::ack, tcp_flag::fin, tcp_flag::psh, tcp_flag::rst, tcp_flag::syn;

namespace {

bool forged(CaptureScript& script) {
    const auto findings = find_all(story_from(script.until(60'000).finish()));
    INFO(all_text(findings));
    return std::any_of(findings.begin(), findings.end(), [](const Finding& f) { return f.rule == "reset-forged"; });
}

CaptureScript& begin(CaptureScript& script) {
    script.client({.at_ms = 0, .seq = 0, .flags = syn, .direction = 1}).server({.at_ms = 10, .seq = 0, .flags = syn | ack, .ttl = 57, .direction = -1}).client({.at_ms = 20});
    return script.client({.at_ms = 30, .len = 100}).server({.at_ms = 40, .ack = 101, .len = 50, .ttl = 57});
}

}  // namespace

TEST_CASE("forged: a RST with a TTL that the peer never showed") {
    CaptureScript script;
    begin(script).server({.at_ms = 60, .seq = 51, .flags = rst, .ttl = 50});
    CHECK(forged(script));
}

TEST_CASE("forged: not a RST that answers our own, or our FIN") {
    CaptureScript script;
    const bool by_fin = GENERATE(false, true);
    begin(script).client({.at_ms = 50, .seq = 101, .ack = 51, .flags = static_cast<std::uint8_t>(by_fin ? fin | ack : rst | ack)});
    script.server({.at_ms = 60, .seq = 51, .flags = rst, .ttl = 255});
    CHECK_FALSE(forged(script));
}

TEST_CASE("forged: not a TTL that the peer shows later, or starts elsewhere, or shows after a long pause") {
    CaptureScript script;
    begin(script);
    SECTION("another connection has it") {
        script.server({.at_ms = 60, .seq = 51, .flags = rst, .ttl = 50}).port(40'001);
        script.syn(100).server({.at_ms = 110, .seq = 0, .flags = syn | ack, .ttl = 50}).client({.at_ms = 120}).close(200);
    }
    SECTION("as many hops from another start") script.server({.at_ms = 60, .seq = 51, .flags = rst, .ttl = 248});
    SECTION("after a pause") script.server({.at_ms = 50'000, .seq = 51, .flags = rst, .ttl = 50});
    CHECK_FALSE(forged(script));
}

TEST_CASE("forged: not a RST of a kernel whose application chose the TTL of its session") {
    const auto ttl = static_cast<std::uint8_t>(GENERATE(1, 255, 4));  // neighbours of BGP, GTSM, ebgp-multihop 5 at one router's distance
    const auto far = static_cast<std::uint8_t>(ttl == 4 ? 63 : 64);
    CaptureScript script;
    script.between("10.0.0.1", "10.0.0.2", 179).client({.at_ms = 0, .seq = 0, .flags = syn, .direction = 1}).server({.at_ms = 1, .seq = 0, .flags = syn | ack, .ttl = ttl, .direction = -1});
    script.client({.at_ms = 2}).client({.at_ms = 3, .len = 45}).server({.at_ms = 4, .ack = 46, .len = 45, .ttl = ttl}).server({.at_ms = 60, .seq = 46, .flags = rst, .ttl = far});
    CHECK_FALSE(forged(script));
}

TEST_CASE("forged: not a SYN that was tried again after a refusal") {
    CaptureScript script;
    script.client({.at_ms = 0, .seq = 0, .flags = syn}).server({.at_ms = 10, .seq = 0, .flags = rst | ack, .ttl = 57});
    script.client({.at_ms = 500, .seq = 0, .flags = syn}).server({.at_ms = 510, .seq = 0, .flags = syn | ack, .ttl = 57}).client({.at_ms = 520});
    CHECK_FALSE(forged(script.close(600)));
}

TEST_CASE("captures: a pause of the capture itself ends all waiting") {
    CaptureScript script;
    begin(script).client({.at_ms = 50, .seq = 101, .ack = 51, .len = 300}).server({.at_ms = 60, .seq = 51, .ack = 401, .ttl = 57});
    SECTION("a request") {}
    SECTION("a closed window") script.server({.at_ms = 70, .seq = 51, .ack = 401, .window = 0, .ttl = 57});
    const auto findings = find_all(story_from(script.until(100'000'000).finish()));
    INFO(all_text(findings));
    CHECK(findings.empty());
}

TEST_CASE("captures: a refusal and a SYN-ACK for one SYN are of two machines, however close; a RST by number after the SYN-ACK is of one") {
    const bool refusal = GENERATE(true, false);
    CaptureScript script;
    script.client({.at_ms = 0, .seq = 0, .flags = tcp_flag::syn, .direction = 1});
    if (refusal) script.server({.at_ms = 61, .seq = 0u - server_isn, .flags = tcp_flag::rst | tcp_flag::ack, .direction = -1});
    script.server({.at_ms = 64, .seq = 0, .flags = tcp_flag::syn | tcp_flag::ack, .direction = -1}).client({.at_ms = 64.1, .direction = 1});
    script.client({.at_ms = 65, .len = 300, .flags = tcp_flag::ack | tcp_flag::psh, .direction = 1});
    if (refusal)
        script.server({.at_ms = 180, .seq = 1, .ack = 301, .len = 79, .flags = tcp_flag::ack | tcp_flag::psh, .direction = -1}).client({.at_ms = 181, .seq = 301, .ack = 80, .direction = 1});
    else
        script.server({.at_ms = 180, .seq = 1, .ack = 301, .flags = tcp_flag::rst | tcp_flag::ack, .direction = -1});
    CHECK(only(script.until(10'000)).rule == (refusal ? "reset-forged" : "reset-received"));
}
