// A path's MTU that a sender finds out by itself, and what only looks so.
#include <catch2/catch.hpp>

#include <algorithm>

#include "support/capture_findings.h"

using namespace tcpwitness;
using namespace test;
using tcp_flag::ack, tcp_flag::syn;

namespace {

/// The first large segment is sent four times over 21 s, then its bytes in small ones. Returns the next number.
std::uint32_t shrink(CaptureScript& script) {
    script.syn(0).server({.at_ms = 10, .seq = 0, .flags = syn | ack, .ttl = 57}).client({.at_ms = 20});
    for (double at : {30.0, 3'000.0, 9'000.0, 21'000.0}) script.client({.at_ms = at, .len = 1'460});
    std::uint32_t seq = 1;
    for (double at = 21'500; seq < 4'000; at += 30, seq += 536) {
        script.client({.at_ms = at, .seq = seq, .len = 536}).server({.at_ms = at + 10, .ack = seq + 536, .ttl = 57});
    }
    return seq;
}

bool blackhole(const Judgement& judged) {
    return std::any_of(judged.findings.begin(), judged.findings.end(), [](const Finding& one) { return one.rule == "path-mtu-blackhole"; });
}

}  // namespace

TEST_CASE("path-mtu-blackhole: the sender found the size by itself") {
    CaptureScript script;
    const std::uint32_t seq = shrink(script);
    const Judgement judged = judgement(script.close(30'000, seq - 1).until(40'000));
    INFO(all_text(judged.findings));
    REQUIRE(judged.findings.size() == 1);
    CHECK(blackhole(judged));
    CHECK(says(judged.findings[0], "segments of 1460 bytes to 192.0.2.9:443 vanished, 4 tries over 21.5"));
    CHECK(says(judged.findings[0], "in segments of 536 the same bytes went through"));
}

TEST_CASE("path-mtu-blackhole: not when large ones pass later, nor when an ICMP error told it") {
    CaptureScript script;
    SECTION("large ones later") {
        const std::uint32_t seq = shrink(script);
        script.client({.at_ms = 29'000, .seq = seq, .len = 1'460}).server({.at_ms = 29'010, .ack = seq + 1'460, .ttl = 57}).close(30'000, seq + 1'459);
    }
    SECTION("told") {
        script.icmp(25, 4, 576);
        const std::uint32_t seq = shrink(script);
        script.icmp(21'100, 4, 576).close(30'000, seq - 1);
    }
    SECTION("a loss of one large segment, sent again as it was") {
        script.syn(0).server({.at_ms = 10, .seq = 0, .flags = syn | ack, .ttl = 57}).client({.at_ms = 20});
        for (double at : {30.0, 3'000.0, 9'000.0, 21'000.0}) script.client({.at_ms = at, .len = 1'460});
        script.server({.at_ms = 21'010, .ack = 1'461, .ttl = 57}).client({.at_ms = 21'020, .seq = 1'461, .len = 200}).server({.at_ms = 21'030, .ack = 1'661, .ttl = 57}).close(30'000, 1'660);
    }
    const Judgement judged = judgement(script.until(40'000));
    INFO(all_text(judged.findings));
    CHECK_FALSE(blackhole(judged));
}
