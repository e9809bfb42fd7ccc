// Stalls that loss caused, by packets alone.
#include <catch2/catch.hpp>

#include <algorithm>

#include "support/capture_findings.h"

using namespace tcpwitness;
using namespace test;
using tcp_flag::ack, tcp_flag::fin, tcp_flag::psh, tcp_flag::rst, tcp_flag::syn;

namespace {

CaptureScript& begin(CaptureScript& script) { return script.syn(0).server({.at_ms = 10, .seq = 0, .flags = syn | ack, .ttl = 57}).client({.at_ms = 20}); }

}  // namespace

TEST_CASE("loss-stall: one segment sent again until it got through") {
    CaptureScript script;
    begin(script).client({.at_ms = 30, .len = 100});
    for (double at : {330.0, 930.0, 2'130.0, 4'530.0, 9'330.0}) script.client({.at_ms = at, .len = 100});
    script.server({.at_ms = 9'340, .ack = 101, .ttl = 57}).server({.at_ms = 9'350, .ack = 101, .len = 50, .ttl = 57}).client({.at_ms = 9'360, .seq = 101, .ack = 51});
    const Finding f = only(script.close(9'400, 100, 50).until(60'000));
    CHECK(f.rule == "loss-stall");
    CHECK(f.culprit == Culprit::path);
    INFO(all_text(f));
    CHECK(says(f, "from 10.0.0.1:40000 to 192.0.2.9:443 stood still for 9.3"));
    CHECK(says(f, "it was sent again 5 times; then it went on"));
}

TEST_CASE("loss-stall: the peer's data, of which the first copy never came") {
    CaptureScript script;
    begin(script).client({.at_ms = 30, .len = 100}).server({.at_ms = 40, .ack = 101, .ttl = 57}).server({.at_ms = 50, .ack = 101, .len = 100, .ttl = 57}).client({.at_ms = 51, .seq = 101, .ack = 101});
    script.server({.at_ms = 60, .seq = 201, .ack = 101, .len = 100, .ttl = 57}).client({.at_ms = 61, .seq = 101, .ack = 101});
    script.server({.at_ms = 6'060, .seq = 101, .ack = 101, .len = 100, .ttl = 57}).client({.at_ms = 6'061, .seq = 101, .ack = 301});
    const Finding f = only(script.close(6'100, 100, 300).until(60'000));
    CHECK(f.rule == "loss-stall");
    CHECK(says(f, "from 192.0.2.9:443 to 10.0.0.1:40000"));
}

TEST_CASE("loss-stall: resends of what had been acknowledged") {
    CaptureScript script;
    begin(script).client({.at_ms = 30, .len = 100}).server({.at_ms = 40, .ack = 101, .len = 100, .ttl = 57}).client({.at_ms = 41, .seq = 101, .ack = 101});
    for (double at : {340.0, 940.0, 2'140.0, 4'540.0}) script.server({.at_ms = at, .ack = 101, .len = 100, .ttl = 57}).client({.at_ms = at + 1, .seq = 101, .ack = 101});
    const Finding f = only(script.close(4'700, 100, 100).until(60'000));
    CHECK(f.rule == "loss-stall");
    CHECK(says(f, "had been acknowledged here before"));
}

TEST_CASE("loss-stall: not a loss that was made good soon, nor a pause, nor a closed window") {
    CaptureScript script;
    begin(script);
    SECTION("one timeout") {
        script.client({.at_ms = 30, .len = 100}).client({.at_ms = 330, .len = 100}).server({.at_ms = 340, .ack = 101, .ttl = 57});
        script.close(400, 100);
    }
    SECTION("a pause") {
        script.client({.at_ms = 30, .len = 100}).server({.at_ms = 40, .ack = 101, .len = 9, .ttl = 57}).client({.at_ms = 50, .seq = 101, .ack = 10});
        script.client({.at_ms = 20'000, .seq = 101, .ack = 10, .len = 100}).client({.at_ms = 20'300, .seq = 101, .ack = 10, .len = 100});
        script.server({.at_ms = 20'310, .seq = 10, .ack = 201, .len = 9, .ttl = 57}).close(20'400, 200, 18);
    }
    const Judgement judged = judgement(script.until(60'000));
    INFO(all_text(judged.findings));
    CHECK(judged.findings.empty());
}

TEST_CASE("loss-stall: much is lost, here and there") {
    CaptureScript script;
    begin(script);
    double at = 100;
    std::uint32_t seq = 1;
    for (int i = 0; i < 60; ++i) {
        for (std::uint32_t n = 0; n < 8; ++n) script.client({.at_ms = at + n * 0.01, .seq = seq + n * 1'000, .len = 1'000});
        for (double late : {10.0, 10.1, 10.2, 10.3}) script.server({.at_ms = at + late, .ack = seq, .sack = {{seq + 1'000, seq + 8'000}}, .ttl = 57});
        script.client({.at_ms = at + 11, .seq = seq, .len = 1'000}).server({.at_ms = at + 21, .ack = seq + 8'000, .ttl = 57});
        seq += 8'000;
        at += 30;
    }
    const Finding f = only(script.close(at, seq - 1).until(60'000));
    CHECK(f.rule == "loss-stall");
    CHECK(says(f, "60 of"));
}

TEST_CASE("loss-stall: not where bare ACKs were left out of the capture") {
    const bool with_acks = GENERATE(false, true);
    CaptureScript script;
    script.syn(0).server({.at_ms = 10, .seq = 0, .flags = syn | ack, .ttl = 57});
    if (with_acks) script.client({.at_ms = 20});
    script.client({.at_ms = 30, .len = 100}).client({.at_ms = 330, .len = 100});
    for (std::uint32_t i = 0; i < 10; ++i) {
        const double at = 7'000 + i * 20;
        script.server({.at_ms = at, .seq = 1 + i * 50, .ack = 101 + i * 10, .len = 50, .ttl = 57});
        script.client({.at_ms = at + 10, .seq = 101 + i * 10, .ack = 51 + i * 50, .len = 10});
    }
    const Judgement judged = judgement(script.until(9'000));
    INFO(judged.verdict.sentence << all_text(judged.findings));
    CHECK((judged.verdict.what == Verdict::What::trouble) == with_acks);
    if (!with_acks) CHECK(judged.verdict.sentence.find("bare ACKs are not in the capture") != std::string::npos);
}
