// Sessions of one or two packets tell next to nothing, and never that all is well.
#include <catch2/catch.hpp>

#include "support/capture_findings.h"

using namespace tcpwitness;
using namespace test;
using tcp_flag::ack, tcp_flag::fin, tcp_flag::rst, tcp_flag::syn;
using Catch::Contains;

namespace {

void whole_session(CaptureScript& script) { script.port(50'000).handshake().close(100).port(40'000); }

}  // namespace

TEST_CASE("fragments: alone and beside a whole session, never clean") {
    CaptureScript script;
    const bool beside = GENERATE(false, true);
    if (beside) whole_session(script);
    const Sent asks{.at_ms = 500, .seq = 0, .ack = 0, .flags = syn, .direction = 1};
    SECTION("a SYN") { script.client(asks); }
    SECTION("a SYN-ACK") { script.server({.at_ms = 500, .seq = 0, .flags = syn | ack}); }
    SECTION("a SYN and its RST") { script.client(asks).server({.at_ms = 510, .seq = 0, .flags = rst | ack}); }
    SECTION("a SYN and its sender's RST") { script.client(asks).client({.at_ms = 510, .seq = 1, .flags = rst}); }
    SECTION("a SYN and the SYN-ACK") { script.client(asks).syn_ack(510); }
    SECTION("a RST") { script.server({.at_ms = 500, .flags = rst}); }
    SECTION("a RST with an ACK, twice") { script.server({.at_ms = 500, .flags = rst | ack}).server({.at_ms = 510, .flags = rst | ack}); }
    SECTION("data") { script.client({.at_ms = 500, .len = 100}); }
    SECTION("data and its ACK") { script.client({.at_ms = 500, .len = 100}).server({.at_ms = 510, .ack = 101}); }
    SECTION("a FIN") { script.client({.at_ms = 500, .flags = fin | ack}); }
    const Judgement judged = judgement(script);
    INFO(judged.verdict.sentence << all_text(judged.findings));
    CHECK(judged.verdict.what != Verdict::What::clean);
}

TEST_CASE("fragments: they are counted") {
    CaptureScript script;
    whole_session(script);
    script.client({.at_ms = 500, .len = 100}).port(40'001).client({.at_ms = 501, .len = 100}).port(40'002).server({.at_ms = 502, .flags = rst});
    const Judgement judged = judgement(script);
    CHECK(judged.verdict.what == Verdict::What::undecided);
    CHECK_THAT(judged.verdict.sentence, Contains("2 sessions of 3 are fragments of one or two packets") && Contains("1 RST belongs to no session in it"));
}

TEST_CASE("fragments: a RST that comes long after its session is none") {
    CaptureScript script;
    whole_session(script);
    script.port(50'000).client({.at_ms = 300, .seq = 2, .flags = rst});
    CHECK(judgement(script).verdict.what == Verdict::What::clean);
}

TEST_CASE("a pause of the capture ends all waiting") {
    constexpr double a_day = 86'400'000;
    CaptureScript script;
    SECTION("for an answer to a SYN") {
        script.client({.at_ms = 0, .seq = 0, .ack = 0, .flags = syn, .direction = 1});
    }
    SECTION("for the answer to a request") {
        script.handshake().client({.at_ms = 30, .len = 100}).server({.at_ms = 40, .ack = 101});
    }
    SECTION("for an ACK") {
        script.handshake().client({.at_ms = 30, .len = 100}).client({.at_ms = 330, .len = 100});
    }
    SECTION("for a window to open") {
        script.handshake().client({.at_ms = 30, .len = 100}).server({.at_ms = 40, .ack = 101, .window = 0});
    }
    script.port(50'000).handshake(a_day).close(a_day + 100);
    const Judgement judged = judgement(script);
    INFO(all_text(judged.findings));
    CHECK(judged.findings.empty());
}

TEST_CASE("a scan is told once") {
    CaptureScript script;
    const bool slow = GENERATE(false, true);
    double at = 0;
    for (std::uint16_t port = 1; port <= 1'994; ++port, at += slow ? 500 : 1) {
        script.port(static_cast<std::uint16_t>(40'000 + port)).server_port(port).client({.at_ms = at, .seq = 0, .ack = 0, .flags = syn, .direction = 1});
        if (port % 500 == 0)
            script.server({.at_ms = at + 0.1, .seq = 0, .flags = syn | ack}).client({.at_ms = at + 0.2, .flags = rst, .direction = 1});
        else
            script.server({.at_ms = at + 0.1, .seq = 0, .flags = rst | ack});
    }
    const Judgement judged = judgement(script.until(at + 10'000));
    INFO(all_text(judged.findings));
    CHECK(judged.findings.size() + judged.benign.size() == 1);
}

TEST_CASE("of repeats the longest is told") {
    CaptureScript script;
    int session = 0;
    for (double late : {6'000.0, 19'000.0, 7'000.0}) {
        const double at = session * 30'000.0;
        script.port(static_cast<std::uint16_t>(40'000 + session++));
        script.syn(at).syn_ack(at + 10).client({.at_ms = at + 20});
        for (std::uint32_t prompt = 0; prompt < 3; ++prompt) {
            const double asked = at + 30 + prompt * 50;
            script.client({.at_ms = asked, .seq = 1 + prompt * 300, .ack = 1 + prompt * 50, .len = 300});
            script.server({.at_ms = asked + 10, .seq = 1 + prompt * 50, .ack = 301 + prompt * 300, .len = 50});
        }
        script.client({.at_ms = at + 200, .seq = 901, .ack = 151, .len = 300}).server({.at_ms = at + 210, .seq = 151, .ack = 1'201});
        script.server({.at_ms = at + 210 + late, .seq = 151, .ack = 1'201, .len = 50}).close(at + 300 + late, 1'200, 200);
    }
    const Judgement judged = judgement(script.until(200'000));
    INFO(all_text(judged.findings));
    REQUIRE(judged.findings.size() == 1);
    CHECK(judged.findings[0].count == 3);
    CHECK(says(judged.findings[0], "did not answer for 19"));
    CHECK(says(judged.findings[0], "the worst is told here"));
}

TEST_CASE("half a session: a RST of which one direction was captured is no verdict; of which both were, it is") {
    const bool both = GENERATE(false, true);
    CaptureScript script;
    script.syn(0);
    if (both) script.syn_ack(10);
    script.client({.at_ms = 20}).client({.at_ms = 30, .len = 300});
    if (both) script.server({.at_ms = 40, .ack = 301});
    script.client({.at_ms = 60, .seq = 301, .ack = 2'001});
    script.client({.at_ms = 500, .seq = 301, .ack = 2'001, .flags = rst | ack});
    const Judgement judged = judgement(script.until(10'000));
    INFO(judged.verdict.sentence << all_text(judged.findings));
    CHECK((judged.verdict.what == Verdict::What::trouble) == both);
    if (both) return;
    CHECK(judged.verdict.what == Verdict::What::undecided);
    CHECK_THAT(judged.verdict.sentence, Contains("1 session ends with a RST, and only one of its directions was captured"));
}

TEST_CASE("half a session: the FIN that ends what was not captured, and the RST that answers it, cost nobody anything; with data they may") {
    const std::uint32_t bytes = GENERATE(0u, 700u);
    CaptureScript script;
    script.client({.at_ms = 0, .len = bytes, .flags = fin | ack});
    for (double at : {100.0, 101.0, 102.0}) script.server({.at_ms = at, .flags = rst, .window = 0, .ttl = 57});
    const Judgement judged = judgement(script.until(1'000));
    INFO(judged.verdict.sentence << all_text(judged.findings));
    CHECK(judged.findings.empty() == (bytes == 0));
}

TEST_CASE("a clean capture says of holes in its sessions, and claims no more of losses") {
    const bool hole = GENERATE(false, true);
    CaptureScript script;
    script.handshake().client({.at_ms = 30, .len = 100}).server({.at_ms = 40, .ack = 101, .len = 1'000});
    if (!hole) script.server({.at_ms = 40.1, .seq = 1'001, .ack = 101, .len = 1'000});
    script.server({.at_ms = 40.2, .seq = 2'001, .ack = 101, .len = 1'000}).client({.at_ms = 41, .seq = 101, .ack = 3'001}).close(100, 100, 3'000);
    const Judgement judged = judgement(script);
    INFO(judged.verdict.sentence << all_text(judged.findings));
    CHECK(judged.verdict.what == Verdict::What::clean);
    CHECK(judged.verdict.sentence == (hole ? "nothing in trouble among 1 connection; in 1 of them segments were lost, or not captured" : "nothing in trouble among 1 connection"));
}

TEST_CASE("half a session: a server's FIN that was acknowledged, and its RST, cost nobody anything; where a request was open they did") {
    const bool asked = GENERATE(false, true);
    CaptureScript script;
    if (asked) script.client({.at_ms = 0, .len = 300});
    const std::uint32_t next = asked ? 301 : 1;
    for (double at : {10.0, 250.0}) script.server({.at_ms = at, .ack = next, .flags = fin | ack, .ttl = 57}).client({.at_ms = at + 1, .seq = next, .ack = 2});
    script.server({.at_ms = 320, .seq = 2, .flags = rst, .window = 0, .ttl = 57});
    const Judgement judged = judgement(script.until(1'000));
    INFO(judged.verdict.sentence << all_text(judged.findings));
    CHECK(judged.findings.empty() == !asked);
}
