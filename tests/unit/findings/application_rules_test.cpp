// What applications do to their own connections: connects given up, first addresses replaced, scans.
#include <catch2/catch.hpp>

#include "support/findings.h"
#include "support/scenes.h"

using namespace tcpwitness;
using Catch::Contains;

namespace {

/// SYNs at 0 and every second, until the socket is closed at `ms`.
void gives_up(TraceBuilder& t, const End& client, double ms) {
    t.as(client).at(0).connect_enter().syn_sent().syn_out();
    for (double at = 1000; at < ms; at += 1000) t.at(at).syn_retransmit().syn_out();
    t.at(ms).wiped_close(TcpState::syn_sent).destroy();
}

Judgement judged(TraceBuilder& t) { return judge(t.story()); }

void refused(TraceBuilder& t, const End& client, double ms) {
    t.as(client).at(ms).connect_enter().syn_sent().syn_out().at(ms + 0.5).rst_in().error(ECONNREFUSED).wiped_close(TcpState::syn_sent).connect_exit(-ECONNREFUSED).destroy();
}

void answered(TraceBuilder& t, const End& client, double ms) {
    t.as(client).at(ms).connect_enter().syn_sent().syn_out().at(ms + 0.5).syn_ack_in().state(TcpState::syn_sent, TcpState::established).connect_exit();
    t.state(TcpState::established, TcpState::fin_wait1).fin_out().fin_in().wiped_close(TcpState::fin_wait2).destroy();
}

}  // namespace

TEST_CASE("a socket closed in SYN_SENT was given up by its application") {
    auto t = trace();
    gives_up(t, t.end("edge", "10.0.1.2:40000", "10.0.2.2:5061", task(100, "curl")), 3000);
    const Judgement result = judged(t);
    REQUIRE(result.findings.size() == 1);
    const Finding& f = result.findings[0];
    CHECK(f.rule == "connect-timeout");
    CHECK(f.certainty == Certainty::possible);
    CHECK_THAT(f.headline, Contains("connect() to 10.0.2.2:5061 given up by curl after 3.0 s: 3 SYNs unanswered"));
}

TEST_CASE("what is taken back within 200 ms was not given up") {
    auto early = trace(), late = trace();
    gives_up(early, early.end("edge", "10.0.1.2:40000", "10.0.2.2:5061", task(100, "curl")), 190);
    gives_up(late, late.end("edge", "10.0.1.2:40000", "10.0.2.2:5061", task(100, "curl")), 210);
    const Judgement result = judged(early);
    CHECK(result.findings.empty());
    REQUIRE(result.benign.size() == 1);
    CHECK_THAT(result.benign[0].benign, Catch::Equals("withdrawn"));
    CHECK(judged(late).findings.size() == 1);
}

TEST_CASE("a connect that ends with its process is told with how the process ended") {
    auto t = trace();
    const End client = t.end("edge", "10.0.1.2:40000", "10.0.2.2:5061", task(100, "curl"));
    t.as(client).at(0).connect_enter().syn_sent().syn_out().at(1000).syn_retransmit().syn_out();
    t.at(1500).process_exit(task(100, "curl"), 9).as(client).wiped_close(TcpState::syn_sent).destroy();
    const Judgement result = judged(t);
    REQUIRE(result.findings.size() == 1);
    CHECK_THAT(result.findings[0].headline, Contains("ended with its process after 1.5 s: 2 SYNs unanswered"));
    CHECK_THAT(all_text(result.findings[0]), Contains("killed by SIGKILL"));
}

TEST_CASE("a connect that is unanswered when the recording ends is told, but not while it goes on") {
    auto t = trace();
    t.as(t.end("edge", "10.0.1.2:40000", "10.0.2.2:5061", task(100, "curl"))).at(0).connect_enter().syn_sent().syn_out().at(1000).syn_retransmit().syn_out().at(1200);
    Story story = t.story();
    const Judgement result = judge(story);
    REQUIRE(result.findings.size() == 1);
    CHECK_THAT(result.findings[0].headline, Contains("had no answer after 1.2 s, when the recording ended: 2 SYNs unanswered"));
    story.ongoing = true;
    CHECK(judge(story).findings.empty());
}

TEST_CASE("an address that fails and is replaced by the other family within a second is a fallback") {
    const auto play = [](const char* first, const char* second, double second_ms, std::uint32_t second_pid) {
        auto t = trace();
        refused(t, t.end("edge", first[0] == '[' ? "[::1]:40000" : "127.0.0.1:40000", first, task(100, "curl")), 0);
        answered(t, t.end("edge", second[0] == '[' ? "[::1]:40001" : "127.0.0.1:40001", second, task(second_pid, "curl")), second_ms);
        return judged(t);
    };
    const Judgement replaced = play("[::1]:80", "127.0.0.1:80", 1, 100);
    CHECK(replaced.findings.empty());
    REQUIRE(replaced.benign.size() == 1);
    CHECK_THAT(replaced.benign[0].benign, Catch::Equals("fallback"));
    CHECK(play("[::1]:80", "127.0.0.1:80", 1100, 100).findings.size() == 1);   // too late
    CHECK(play("[::1]:80", "127.0.0.1:81", 1, 100).findings.size() == 1);      // another service
    CHECK(play("[::1]:80", "127.0.0.1:80", 1, 101).findings.size() == 1);      // another process
    CHECK(play("10.0.0.1:80", "10.0.0.2:80", 1, 100).findings.size() == 1);    // one of two servers is down
}

TEST_CASE("many ports of one host, each tried once in vain, are a scan; few, or again and again, are not") {
    const auto play = [](int ports, int tries) {
        auto t = trace();
        for (int i = 0; i < ports * tries; ++i)
            refused(t, t.end("edge", "10.0.1.2:" + std::to_string(40000 + i), "10.0.2.2:" + std::to_string(6000 + i % ports), task(100, "nmap")), i * 10.0);
        return judged(t);
    };
    const Judgement scan = play(20, 2);
    CHECK(scan.findings.empty());
    REQUIRE(scan.benign.size() == 1);
    CHECK_THAT(scan.benign[0].benign, Catch::Equals("scan"));
    CHECK(scan.benign[0].count == 40);
    CHECK_FALSE(play(19, 1).findings.empty());
    CHECK_FALSE(play(20, 4).findings.empty());
}

TEST_CASE("a sweep over neighbouring hosts is a scan; as many backends here and there are not") {
    const auto play = [](int step) {
        auto t = trace();
        for (int i = 0; i < 20; ++i)
            refused(t, t.end("edge", "10.0.1.2:" + std::to_string(40000 + i), "10.0." + std::to_string(i * step / 250) + "." + std::to_string(1 + i * step % 250) + ":22", task(100, "nmap")), i * 10.0);
        return judged(t);
    };
    CHECK(play(1).findings.empty());
    CHECK(play(37).findings.size() == 20);
}
