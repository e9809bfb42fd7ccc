// Resets in captures: those that end an exchange which was over take nothing from anybody; their near misses do.
#include <tuple>

#include <catch2/catch.hpp>

#include <fmt/format.h>

#include "findings/benign.h"
#include "support/capture_findings.h"

using namespace tcpwitness;
using namespace test;
using tcp_flag::ack, tcp_flag::fin, tcp_flag::psh, tcp_flag::rst, tcp_flag::syn;

namespace {

constexpr std::uint8_t far_ttl = 57;  // the other end's

/// A handshake, a request of 300 bytes and its answer, by 30 ms. The capture is the client's, or the server's.
CaptureScript answered(bool at_server = false, std::uint32_t answer = 2'000) {
    CaptureScript script;
    const std::uint8_t client = at_server ? far_ttl : 64, server = at_server ? 64 : far_ttl;
    script.client({.at_ms = 0, .seq = 0, .flags = syn, .ttl = client}).server({.at_ms = 10, .seq = 0, .flags = syn | ack, .ttl = server}).client({.at_ms = 10.1, .ttl = client});
    script.client({.at_ms = 11, .len = 300, .flags = ack | psh, .ttl = client});
    if (answer) script.server({.at_ms = 25, .ack = 301, .len = answer, .flags = ack | psh, .ttl = server}).client({.at_ms = 25.1, .seq = 301, .ack = 1 + answer, .ttl = client});
    return script;
}

void is_harmless(const Judgement& judged, const char* pattern) {
    CHECK(judged.findings.empty());
    REQUIRE(judged.benign.size() == 1);
    CHECK(std::string(judged.benign.front().benign) == pattern);
}

}  // namespace

TEST_CASE("captures: a client that has closed resets what comes after: good-byes are nothing, an answer is something") {
    const std::uint32_t after = GENERATE(23u, 200u, 4'000u);
    CaptureScript script = answered();
    script.client({.at_ms = 40, .seq = 301, .ack = 2'001, .len = 24, .flags = ack | psh}).client({.at_ms = 40.1, .seq = 325, .ack = 2'001, .flags = fin | ack});
    script.server({.at_ms = 50, .seq = 2'001, .ack = 325, .len = after, .flags = ack | psh, .ttl = far_ttl});
    script.client({.at_ms = 50.1, .seq = 325, .flags = rst});
    script.server({.at_ms = 51, .seq = 2'001 + after, .ack = 326, .flags = fin | ack, .ttl = far_ttl}).client({.at_ms = 51.1, .seq = 326, .flags = rst});
    const Judgement judged = judgement(script.until(10'000));
    INFO(all_text(judged.findings));
    if (after < 256) return is_harmless(judged, benign::abort_after_exchange);
    REQUIRE(judged.findings.size() == 1);
    CHECK(judged.findings[0].rule == "reset-sent");
    CHECK(says(judged.findings[0], "it had closed 10 ms before, and 4000 bytes came after that"));
}

TEST_CASE("captures: a client that closes before the answer to its last request has not got it") {
    CaptureScript script = answered();
    script.client({.at_ms = 40, .seq = 301, .ack = 2'001, .len = 400, .flags = ack | psh}).client({.at_ms = 40.1, .seq = 701, .ack = 2'001, .flags = fin | ack});
    script.server({.at_ms = 50, .seq = 2'001, .ack = 702, .len = 120, .flags = ack | psh, .ttl = far_ttl}).client({.at_ms = 50.1, .seq = 702, .flags = rst});
    const Finding f = only(script.until(10'000));
    CHECK(f.rule == "reset-sent");
    CHECK(says(f, "120 bytes came after that"));
}

TEST_CASE("captures: a server that answered and closed resets the client's good-bye, and no further request") {
    // 229 bytes: padded ones, by a client that had got the FIN; one that sends so many before, or much later, has asked once more.
    const auto [after, at_ms, knew] = GENERATE(std::tuple{31u, 30.0, false}, std::tuple{229u, 30.0, true}, std::tuple{229u, 30.0, false}, std::tuple{229u, 8'000.0, true}, std::tuple{300u, 30.0, true});
    CaptureScript script = answered();
    script.server({.at_ms = 26, .seq = 2'001, .ack = 301, .flags = fin | ack, .ttl = far_ttl});
    script.client({.at_ms = at_ms, .seq = 301, .ack = knew ? 2'002u : 2'001u, .len = after, .flags = ack | psh}).server({.at_ms = at_ms + 11, .seq = 2'002, .flags = rst, .ttl = far_ttl});
    const Judgement judged = judgement(script.until(10'000));
    INFO(all_text(judged.findings));
    if (after == 31 || (after == 229 && knew && at_ms < 1'000)) return is_harmless(judged, benign::abort_after_exchange);
    REQUIRE(judged.findings.size() == 1);
    CHECK(judged.findings[0].rule == "reset-received");
    CHECK(says(judged.findings[0], "in CLOSE_WAIT"));
    CHECK(says(judged.findings[0], fmt::format("{} bytes came after that", after)));
}

TEST_CASE("captures: a client that has the whole answer and the FIN may reset; one that is cut off in the midst of it may not") {
    const bool whole = GENERATE(true, false);
    CaptureScript script = answered();
    script.server({.at_ms = 26, .seq = 2'001, .ack = 301, .len = whole ? 0u : 1'000u, .flags = fin | ack, .ttl = far_ttl});
    script.client({.at_ms = 26.1, .seq = 301, .ack = whole ? 2'002u : 2'001u}).client({.at_ms = 30, .seq = 301, .ack = whole ? 2'002u : 2'001u, .flags = rst | ack});
    const Judgement judged = judgement(script.until(10'000));
    INFO(all_text(judged.findings));
    if (whole) return is_harmless(judged, benign::abort_after_exchange);
    REQUIRE(judged.findings.size() == 1);
    CHECK(judged.findings[0].rule == "reset-sent");
}

TEST_CASE("captures: a server may reset a client that had its answer and closed, not one that closed its half to wait for it") {
    const bool had_answer = GENERATE(true, false);
    CaptureScript script = answered(false, had_answer ? 2'000 : 0);
    const std::uint32_t got = had_answer ? 2'001 : 1;
    script.client({.at_ms = 40, .seq = 301, .ack = got, .flags = fin | ack});
    script.server({.at_ms = 45, .seq = got, .ack = 302, .ttl = far_ttl}).server({.at_ms = 60, .seq = got, .ack = 302, .flags = rst | ack, .ttl = far_ttl});
    const Judgement judged = judgement(script.until(10'000));
    INFO(all_text(judged.findings));
    if (had_answer) return is_harmless(judged, benign::abort_after_exchange);
    REQUIRE(judged.findings.size() == 1);
    CHECK(judged.findings[0].rule == "reset-received");
}

TEST_CASE("captures: a client that takes its connect back resets the SYN-ACK; with its SYN again somebody else did") {
    const bool again = GENERATE(false, true);
    CaptureScript script;
    script.client({.at_ms = 0, .seq = 0, .flags = syn, .direction = 1}).server({.at_ms = 35, .seq = 0, .flags = syn | ack, .ttl = far_ttl, .direction = -1});
    script.client({.at_ms = 35.05, .seq = 1, .flags = rst, .direction = 1});
    if (again) script.client({.at_ms = 1'000, .seq = 0, .flags = syn, .direction = 1});
    const Judgement judged = judgement(script.until(10'000));
    INFO(all_text(judged.findings));
    if (!again) return is_harmless(judged, benign::withdrawn);
    CHECK(judged.findings.size() == 1);
}

TEST_CASE("captures: of a client whose packets alone were captured, no connect is unanswered") {
    const bool goes_on = GENERATE(true, false);
    CaptureScript script;
    script.port(40'001).client({.at_ms = 0, .seq = 0, .flags = syn, .direction = 1}).client({.at_ms = 1'000, .seq = 0, .flags = syn, .direction = 1}).port(40'000);
    script.client({.at_ms = 0, .seq = 0, .flags = syn, .direction = 1}).client({.at_ms = 1'000, .seq = 0, .flags = syn, .direction = 1});
    if (goes_on) {
        script.client({.at_ms = 1'010, .direction = 1}).client({.at_ms = 1'011, .len = 300, .flags = ack | psh, .direction = 1});
        script.client({.at_ms = 1'100, .seq = 301, .ack = 2'001, .direction = 1}).client({.at_ms = 1'200, .seq = 301, .ack = 2'001, .flags = fin | ack, .direction = 1});
    }
    const Judgement judged = judgement(script.until(60'000));
    INFO(all_text(judged.findings));
    CHECK(judged.findings.empty() == goes_on);
    CHECK(judged.verdict.what == (goes_on ? Verdict::What::undecided : Verdict::What::trouble));
}

TEST_CASE("captures: a filter on SYN, FIN and RST hides what happens between, so nothing is clean") {
    const bool all = GENERATE(false, true);
    CaptureScript script;
    script.syn(0).syn_ack(10);
    if (all) script.client({.at_ms = 20});
    script.client({.at_ms = 5'000, .seq = 301, .ack = 2'001, .flags = fin | ack}).server({.at_ms = 5'010, .seq = 2'001, .ack = 302, .flags = fin | ack});
    const Judgement judged = judgement(script.until(10'000));
    CHECK(judged.findings.empty());
    CHECK(judged.verdict.what == (all ? Verdict::What::clean : Verdict::What::undecided));
}

TEST_CASE("captures: localhost is refused at ::1 and answers at 127.0.0.1; a port where nobody answers, or that comes later, is refused") {
    const auto [port, later_ms] = GENERATE(std::pair{8'080, 0.2}, std::pair{8'081, 0.2}, std::pair{8'080, 5'000.0});
    CaptureScript script;
    script.between("::1", "::1", 8'080).client({.at_ms = 0, .seq = 0, .flags = syn}).server({.at_ms = 0.02, .seq = 0, .flags = rst | ack});
    script.between("127.0.0.1", "127.0.0.1", static_cast<std::uint16_t>(port)).port(40'001);
    script.client({.at_ms = later_ms, .seq = 0, .flags = syn}).server({.at_ms = later_ms + 0.01, .seq = 0, .flags = syn | ack}).client({.at_ms = later_ms + 0.02});
    const Judgement judged = judgement(script.until(10'000));
    INFO(all_text(judged.findings));
    if (port == 8'080 && later_ms < 1) return is_harmless(judged, benign::fallback);
    REQUIRE(judged.findings.size() == 1);
    CHECK(judged.findings[0].rule == "connect-refused");
}

TEST_CASE("captures: a keepalive long after the server's FIN meets no socket any more, and nobody lost anything; a request there is lost, but not to the path") {
    const std::uint32_t bytes = GENERATE(0u, 300u);
    CaptureScript script = answered();
    script.server({.at_ms = 5'000, .seq = 2'001, .ack = 301, .flags = fin | ack, .ttl = far_ttl}).client({.at_ms = 5'000.1, .seq = 301, .ack = 2'002});
    script.client({.at_ms = 70'000, .seq = bytes ? 301u : 300u, .ack = 2'002, .len = bytes}).server({.at_ms = 70'010, .seq = 2'002, .flags = rst, .window = 0, .ttl = far_ttl});
    const Judgement judged = judgement(script.until(80'000));
    INFO(all_text(judged.findings));
    if (bytes == 0) return is_harmless(judged, benign::abort_after_exchange);
    REQUIRE(judged.findings.size() == 1);
    CHECK(judged.findings[0].rule == "reset-received");
}
