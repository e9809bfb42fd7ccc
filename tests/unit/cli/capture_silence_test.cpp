// Servers that are silent, and those that only look so; by packets alone.
#include <catch2/catch.hpp>

#include "support/capture_findings.h"

using namespace tcpwitness;
using namespace test;
using tcp_flag::ack, tcp_flag::fin, tcp_flag::psh, tcp_flag::rst, tcp_flag::syn;

namespace {

/// Requests and answers, one after the other.
struct Talk {
    CaptureScript script;
    std::uint32_t asked = 1, told = 1;

    Talk() { script.syn(0).server({.at_ms = 10, .seq = 0, .flags = syn | ack, .ttl = 57}).client({.at_ms = 20}); }
    void ask(double at_ms, std::uint32_t bytes) {
        script.client({.at_ms = at_ms, .seq = asked, .ack = told, .len = bytes});
        asked += bytes;
        script.server({.at_ms = at_ms + 10, .seq = told, .ack = asked, .ttl = 57});
    }
    void answer(double at_ms, std::uint32_t bytes) {
        script.server({.at_ms = at_ms, .seq = told, .ack = asked, .len = bytes, .ttl = 57});
        told += bytes;
        script.client({.at_ms = at_ms + 1, .seq = asked, .ack = told});
    }
    Judgement end(double at_ms) { return judgement(script.close(at_ms, asked - 1, told - 1).until(at_ms + 60'000)); }
};

}  // namespace

TEST_CASE("captures: a request that was acknowledged and answered late, or never") {
    Talk talk;
    const bool answered = GENERATE(false, true);
    talk.ask(30, 300);
    talk.answer(60, 500);
    talk.ask(100, 300);
    if (answered) talk.answer(8'110, 500);
    const Judgement judged = talk.end(9'000);
    INFO(all_text(judged.findings));
    REQUIRE(judged.findings.size() == 1);
    CHECK(judged.findings[0].rule == "server-silent");
    CHECK(says(judged.findings[0], answered ? "did not answer for 8" : "did not answer for 8.9 s"));
}

TEST_CASE("captures: the silence counts from the ACK, not from a request that was lost") {
    Talk talk;
    talk.script.client({.at_ms = 30, .len = 300});
    for (double at : {330.0, 930.0, 2'130.0, 4'530.0}) talk.script.client({.at_ms = at, .len = 300});
    talk.asked = 301;
    talk.script.server({.at_ms = 4'540, .ack = 301, .ttl = 57});
    talk.answer(6'000, 100);
    const Judgement judged = talk.end(7'000);
    INFO(all_text(judged.findings));
    REQUIRE(judged.findings.size() == 1);
    CHECK(judged.findings[0].rule == "loss-stall");
}

TEST_CASE("captures: what is no silent server") {
    Talk talk;
    std::string benign;
    SECTION("a long poll") {
        for (int i = 0; i < 3; ++i) {
            talk.ask(100 + i * 30'000, 300);
            talk.answer(25'000 + i * 30'000, 200);
        }
        benign = "long-poll";
    }
    SECTION("pings that nobody answers, after an exchange") {
        talk.ask(100, 300);
        talk.answer(150, 500);
        for (int i = 0; i < 3; ++i) talk.ask(10'000 + i * 30'000, 19);
    }
    SECTION("a peer that speaks unasked") {
        talk.ask(100, 300);
        talk.answer(150, 500);
        talk.answer(5'000, 100);
        talk.ask(10'000, 100);
        talk.answer(29'000, 19);
    }
    SECTION("an answer that was acknowledged, but not captured") {
        talk.ask(100, 300);
        talk.told += 500;
        talk.script.client({.at_ms = 200, .seq = talk.asked, .ack = talk.told});
    }
    SECTION("an answer of which only the end was captured") {
        talk.ask(100, 300);
        talk.told += 500;
        talk.answer(9'000, 100);
    }
    const Judgement judged = talk.end(500'000);
    INFO(all_text(judged.findings));
    CHECK(judged.findings.empty());
    if (!benign.empty()) {
        REQUIRE(judged.benign.size() == 1);
        CHECK(judged.benign[0].benign == benign);
    }
}

TEST_CASE("captures: BGP's ends speak at their own pace, and owe no answer") {
    // Another port's messages of that size ask, where one like them was answered.
    const std::uint16_t port = GENERATE(179, 1790);
    Talk talk;
    talk.script = CaptureScript();
    talk.script.between("10.0.0.1", "192.0.2.9", port).handshake();
    for (int i = 0; i < 4; ++i) {
        talk.ask(100 + i * 50, 19);
        talk.answer(115 + i * 50, 19);
    }
    talk.ask(300, 19);
    talk.answer(60'300, 19);
    const Judgement judged = talk.end(61'000);
    INFO(all_text(judged.findings));
    CHECK(judged.findings.empty() == (port == 179));
}

TEST_CASE("captures: a shell that called home prints what somebody over there types, and waits for him") {
    const bool typed = GENERATE(true, false);  // else the other end sends what nobody types: a slow server
    Talk talk;
    talk.ask(30, 90);
    for (double at : {3'000.0, 6'000.0, 9'000.0}) {
        talk.answer(at, typed ? 6 : 400);
        talk.ask(at + 100, 200);
    }
    talk.answer(16'000, typed ? 5 : 400);
    const Judgement judged = talk.end(17'000);
    INFO(all_text(judged.findings));
    CHECK(judged.findings.empty() == typed);
}

TEST_CASE("captures: a protocol's own sign of life after a long silence is no answer") {
    Talk talk;
    talk.ask(30, 100);
    talk.answer(60, 200);
    talk.ask(100, 165);
    const std::uint32_t bytes = GENERATE(4, 300);
    talk.answer(120'000, bytes);
    const Judgement judged = talk.end(130'000);
    INFO(all_text(judged.findings));
    CHECK(judged.findings.empty() == (bytes == 4));
}

TEST_CASE("captures: a byte without PSH from the middle of a session probes; with PSH it asks") {
    const bool push = GENERATE(false, true);
    CaptureScript script;
    for (double at : {0.0, 45'000.0}) {
        script.client({.at_ms = at, .seq = 1, .ack = 1, .len = 1, .flags = static_cast<std::uint8_t>(push ? ack | psh : ack)});
        script.server({.at_ms = at + 10, .seq = 1, .ack = 2, .ttl = 57});
    }
    const Judgement judged = judgement(script.until(100'000));
    INFO(all_text(judged.findings));
    CHECK(judged.findings.empty());
    CHECK(judged.benign.empty() == !push);  // what it asked stays open
}

TEST_CASE("captures: the last words of a client that closes with them ask nothing; its only words do") {
    const bool talked = GENERATE(true, false);
    CaptureScript script;
    script.handshake();
    if (talked) script.client({.at_ms = 30, .len = 200, .flags = ack | psh}).server({.at_ms = 40, .ack = 201, .len = 900, .flags = ack | psh, .ttl = 57});
    const std::uint32_t asked = talked ? 201 : 1, told = talked ? 901 : 1;
    script.client({.at_ms = 50, .seq = asked, .ack = told, .len = 122, .flags = ack | psh | fin}).server({.at_ms = 60, .seq = told, .ack = asked + 123, .ttl = 57});
    script.server({.at_ms = 10'060, .seq = told, .ack = asked + 123, .flags = fin | ack, .ttl = 57}).client({.at_ms = 10'070, .seq = asked + 123, .ack = told + 1});
    const Judgement judged = judgement(script.until(20'000));
    INFO(all_text(judged.findings));
    CHECK(judged.findings.empty() == talked);
}

TEST_CASE("captures: a session that stops in the midst of a longer capture is no silence, and no all-clear either") {
    const bool long_before = GENERATE(true, false), answered_before = GENERATE(true, false);
    Talk talk;
    if (answered_before) {
        talk.ask(30, 300);
        talk.answer(60, 500);
    }
    talk.ask(100, 300);
    const Judgement judged = judgement(talk.script.until(long_before ? 3'000'000 : 30'000));
    INFO(all_text(judged.findings));
    if (long_before || !answered_before) {
        CHECK(judged.findings.empty());
        REQUIRE(judged.benign.size() == 1);
        CHECK(judged.benign[0].benign == std::string("stops-in-midst"));
        CHECK(judged.verdict.what == Verdict::What::undecided);
        CHECK(judged.verdict.sentence.find("1 session stops after a request, and nothing more of it was captured") != std::string::npos);
        return;
    }
    REQUIRE(judged.findings.size() == 1);
    CHECK(judged.findings[0].rule == "server-silent");
    CHECK(judged.findings[0].certainty == Certainty::possible);
    CHECK(says(judged.findings[0], "nothing more of this connection was captured, of either end"));
}

TEST_CASE("captures: a FIN that nothing acknowledges is no good order") {
    CaptureScript script;
    const bool answered = GENERATE(false, true);
    script.client({.at_ms = 0, .seq = 0, .flags = syn});
    script.server({.at_ms = 10, .seq = 0, .flags = syn | ack});
    script.client({.at_ms = 20});
    script.client({.at_ms = 21, .len = 20, .flags = psh | ack});
    script.server({.at_ms = 50, .ack = 21, .len = 30, .flags = psh | ack});
    script.client({.at_ms = 60, .seq = 21, .ack = 31});
    for (double at : {100.0, 300.0, 700.0, 1'500.0, 3'100.0, 6'300.0}) script.client({.at_ms = at, .seq = 21, .ack = 31, .flags = fin | ack});
    if (answered) script.server({.at_ms = 6'310, .seq = 31, .ack = 22});
    const Judgement judged = judgement(script.until(6'400));  // the capture ends in its midst
    REQUIRE(judged.findings.size() == (answered ? 0 : 1));
    if (answered) return;
    CHECK(judged.findings.front().rule == "unexplained");
    CHECK(says(judged.findings.front(), "its FIN was sent again 5 times over 6.0 s, and nothing acknowledged it"));
}

TEST_CASE("captures: RSTs alone refuse no connect") {
    CaptureScript script;
    script.client({.at_ms = 0, .seq = 700, .flags = rst});
    script.server({.at_ms = 1, .seq = 900, .flags = rst | ack});
    for (const Finding& f : judgement(script).findings) CHECK(f.rule != "connect-refused");
}

TEST_CASE("captures: where the capture ends, a message asks only if it is the first or one like it was answered at once") {
    const std::uint32_t bytes = GENERATE(90u, 400u);
    Talk talk;
    talk.ask(100, 97);
    talk.answer(150, 97);
    talk.ask(200, bytes);
    const Judgement judged = judgement(talk.script.until(20'000));
    INFO(all_text(judged.findings));
    CHECK(judged.findings.empty() == (bytes == 400));
    CHECK((judged.verdict.what == Verdict::What::undecided) == (bytes == 400));
}

TEST_CASE("captures: a command that runs long is no silence where what is typed is sent back") {
    const bool echoed = GENERATE(true, false);
    Talk talk;
    for (int i = 0; i < 5; ++i) {
        talk.ask(1'000 + 300 * i, 36);
        talk.answer(1'011 + 300 * i, echoed ? 36 : 200);
    }
    talk.ask(4'000, 36);
    talk.answer(20'000, 600);
    const Judgement judged = talk.end(21'000);
    INFO(all_text(judged.findings));
    CHECK(judged.findings.empty() == echoed);
}

TEST_CASE("captures: of a session from the middle a late word is no answer; a late page may be one") {
    const std::uint32_t word = GENERATE(9u, 900u);
    CaptureScript script;  // two BitTorrent peers; or a client and its server
    script.client({.at_ms = 0, .len = 165, .flags = ack | psh}).server({.at_ms = 10, .ack = 166, .ttl = 57});
    script.server({.at_ms = 20'000, .ack = 166, .len = word, .flags = ack | psh, .ttl = 57}).client({.at_ms = 20'010, .seq = 166, .ack = 1 + word});
    const Judgement judged = judgement(script.until(30'000));
    INFO(all_text(judged.findings));
    REQUIRE(judged.findings.empty() == (word == 9));
    if (word == 9) return;
    CHECK(judged.findings[0].certainty == Certainty::possible);
    CHECK(says(judged.findings[0], "nothing in this recording shows that a message of this kind is answered"));
}

TEST_CASE("captures: a login whose name is looked up waits for its answer") {
    Talk talk;
    talk.answer(25, 41);
    for (double at : {30.0, 60.0}) {
        talk.ask(at, 1'400);
        talk.answer(at + 15, 1'600);
    }
    talk.ask(100, 200);
    talk.answer(20'100, 52);
    const Judgement judged = talk.end(21'000);
    INFO(all_text(judged.findings));
    REQUIRE(judged.findings.size() == 1);
    CHECK(says(judged.findings[0], "did not answer for 20"));
    CHECK(judged.findings[0].certainty == Certainty::likely);
}
