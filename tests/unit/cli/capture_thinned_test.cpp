// Trouble in the midst of a session of which not all packets are kept.
#include <catch2/catch.hpp>

#include <algorithm>

#include "support/capture_findings.h"

using namespace tcpwitness;
using namespace test;
using tcp_flag::ack, tcp_flag::rst;

namespace {

/// A long session, of which some 200 packets are kept.
struct Long {
    CaptureScript script{[] {
        CaptureOptions options;
        options.max_events_per_connection = 200;
        return options;
    }()};
    std::uint32_t asked = 1, told = 1;
    double at = 100;

    Long() { script.syn(0).server({.at_ms = 10, .seq = 0, .flags = tcp_flag::syn | ack, .ttl = 57}).client({.at_ms = 20}); }
    Long& talk(int times) {
        for (int i = 0; i < times; ++i, at += 20) {
            script.client({.at_ms = at, .seq = asked, .ack = told, .len = 300});
            asked += 300;
            script.server({.at_ms = at + 10, .seq = told, .ack = asked, .len = 500, .ttl = 57});
            told += 500;
        }
        return *this;
    }
    Judgement end() {
        script.client({.at_ms = at, .seq = asked, .ack = told});
        return judgement(script.close(at + 100, asked - 1, told - 1).until(at + 60'000));
    }
};

bool has(const Judgement& judged, const std::string& rule, const std::string& words) {
    return std::any_of(judged.findings.begin(), judged.findings.end(), [&](const Finding& one) { return one.rule == rule && says(one, words); });
}

}  // namespace

TEST_CASE("thinned: a healthy session stays one") {
    const Judgement judged = Long().talk(3'000).end();
    INFO(all_text(judged.findings));
    CHECK(judged.findings.empty());
    CHECK(judged.verdict.what == Verdict::What::clean);
}

TEST_CASE("thinned: a window that was closed in the midst") {
    Long session;
    session.talk(1'000);
    session.script.server({.at_ms = session.at, .seq = session.told, .ack = session.asked, .window = 0, .ttl = 57});
    for (double wait : {300.0, 900.0, 2'100.0, 4'500.0, 9'300.0, 18'900.0}) {
        session.script.client({.at_ms = session.at + wait, .seq = session.asked - 1, .ack = session.told});
        session.script.server({.at_ms = session.at + wait + 10, .seq = session.told, .ack = session.asked, .window = 0, .ttl = 57});
    }
    session.script.server({.at_ms = session.at + 22'000, .seq = session.told, .ack = session.asked, .window = 500, .ttl = 57});
    session.at += 22'100;
    const Judgement judged = session.talk(1'000).end();
    INFO(all_text(judged.findings));
    CHECK(has(judged, "zero-window-stall", "kept its window closed to 10.0.0.1:40000 for 22"));
}

TEST_CASE("thinned: a request in the midst that was answered late") {
    Long session;
    session.talk(1'000);
    session.script.client({.at_ms = session.at, .seq = session.asked, .ack = session.told, .len = 300});
    session.asked += 300;
    session.script.server({.at_ms = session.at + 10, .seq = session.told, .ack = session.asked, .ttl = 57});
    session.script.server({.at_ms = session.at + 9'010, .seq = session.told, .ack = session.asked, .len = 500, .ttl = 57});
    session.told += 500;
    session.at += 9'100;
    const Judgement judged = session.talk(1'000).end();
    INFO(all_text(judged.findings));
    CHECK(has(judged, "server-silent", "did not answer for 9.0 s"));
}

TEST_CASE("thinned: a stall in the midst") {
    Long session;
    session.talk(1'000);
    for (double wait : {0.0, 300.0, 900.0, 2'100.0, 4'500.0})
        session.script.client({.at_ms = session.at + wait, .seq = session.asked, .ack = session.told, .len = 300});
    session.asked += 300;
    session.script.server({.at_ms = session.at + 4'510, .seq = session.told, .ack = session.asked, .len = 500, .ttl = 57});
    session.told += 500;
    session.at += 4'600;
    const Judgement judged = session.talk(1'000).end();
    INFO(all_text(judged.findings));
    CHECK(has(judged, "loss-stall", "stood still for 4.5"));
}

TEST_CASE("thinned: a RST in the midst, after which the session goes on") {
    Long session;
    session.talk(1'000);
    session.script.server({.at_ms = session.at, .seq = session.told, .ack = session.asked, .flags = rst | ack, .ttl = 99});
    const Judgement judged = session.talk(1'000).end();
    INFO(all_text(judged.findings));
    CHECK(judged.verdict.what == Verdict::What::trouble);
}

TEST_CASE("thinned: here and there a loss, made good at once, is no stall") {
    Long session;
    for (int i = 0; i < 40; ++i) {
        session.talk(50);
        for (double wait : {0.0, 250.0}) session.script.client({.at_ms = session.at + wait, .seq = session.asked, .ack = session.told, .len = 300});
        session.asked += 300;
        session.script.server({.at_ms = session.at + 260, .seq = session.told, .ack = session.asked, .len = 500, .ttl = 57});
        session.told += 500;
        session.at += 280;
    }
    const Judgement judged = session.end();
    INFO(all_text(judged.findings));
    CHECK(judged.findings.empty());
}
