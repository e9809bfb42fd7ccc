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

/// The client sends `sent` bytes, gets none, and closes first after `ms`.
void leaves(TraceBuilder& t, const Session& s, double ms, std::uint32_t sent, std::uint32_t got = 0, std::uint32_t segments = 5) {
    client_opens(t, s, 0);
    t.as(s.client).at(ms).state(TcpState::established, TcpState::fin_wait1).packet(true, tcp_flag::fin | tcp_flag::ack, s.client.isn + 1 + sent, s.client.peer_isn + 1 + got);
    Destroy totals;
    totals.segs_out = segments;
    t.state(TcpState::fin_wait1, TcpState::fin_wait2).wiped_close(TcpState::fin_wait2).add(totals);
}

Session client_only(TraceBuilder& t, int port = 40000) {
    Session s;
    s.client = t.end("edge", "10.0.1.2:" + std::to_string(port), "10.0.2.2:5061", task(100, "curl"));
    s.client.peer_isn = 777'000;
    return s;
}

/// The end closes its connection because its process dies.
void dies(TraceBuilder& t, const Session& s, double ms, int code, std::uint32_t got = 0, std::uint32_t sent = 0) {
    t.at(ms).process_exit(s.server.task, code);
    t.as(s.server).at(ms + 1).state(TcpState::established, TcpState::fin_wait1);
    t.packet(true, tcp_flag::fin | tcp_flag::ack, s.server.isn + 1 + sent, s.server.peer_isn + 1 + got);
}

/// The server closes first after `ms`, having got and sent so much.
void closed_by_server(TraceBuilder& t, const Session& s, double ms, std::uint32_t got, std::uint32_t sent) {
    t.as(s.server).at(ms).by(s.server.task).state(TcpState::established, TcpState::fin_wait1);
    t.packet(true, tcp_flag::fin | tcp_flag::ack, s.server.isn + 1 + sent, s.server.peer_isn + 1 + got);
    t.as(s.client).packet(false, tcp_flag::fin | tcp_flag::ack, s.server.isn + 1 + sent, s.server.peer_isn + 1 + got).state(TcpState::established, TcpState::close_wait);
    t.at(ms + 1).state(TcpState::close_wait, TcpState::last_ack).wiped_close(TcpState::last_ack).destroy();
    t.as(s.server).state(TcpState::fin_wait1, TcpState::fin_wait2).wiped_close(TcpState::fin_wait2).destroy();
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

TEST_CASE("a client that asked once and left after a whole number of seconds gave up; after any other time, or after many segments, nobody knows") {
    const auto play = [](double ms, std::uint32_t sent, std::uint32_t got = 0, std::uint32_t segments = 5) {
        auto t = trace();
        leaves(t, client_only(t), ms, sent, got, segments);
        return judged(t).findings;
    };
    const auto found = play(3000, 100);
    REQUIRE(found.size() == 1);
    CHECK(found[0].rule == "server-silent");
    CHECK(found[0].certainty == Certainty::possible);
    CHECK(found[0].culprit == Culprit::peer_application);
    CHECK_THAT(found[0].headline, Contains("curl[100] gave up on 10.0.2.2:5061 after 3.0 s"));
    CHECK(play(3400, 100).empty());
    CHECK(play(3000, 0).empty());         // it only held a connection ready
    CHECK(play(3000, 100, 50).empty());   // it was answered
    CHECK(play(3000, 100, 0, 20).empty());
    CHECK(play(500, 100).empty());
}

TEST_CASE("a time limit shows by the exit status, or because others are answered") {
    auto failed = trace();
    const Session s = client_only(failed);
    leaves(failed, s, 3400, 100);
    failed.after(5).process_exit(s.client.task, 28 << 8);
    auto result = judged(failed);
    REQUIRE(result.findings.size() == 1);
    CHECK(result.findings[0].certainty == Certainty::likely);
    CHECK_THAT(all_text(result.findings[0]), Contains("status 28") && Contains("its time limit was reached"));

    auto ended = trace();
    const Session waiting = client_only(ended);
    leaves(ended, waiting, 6400, 100);
    ended.after(5).process_exit(waiting.client.task, 15);
    result = judged(ended);
    REQUIRE(result.findings.size() == 1);
    CHECK(result.findings[0].certainty == Certainty::possible);
    CHECK_THAT(all_text(result.findings[0]), Contains("was ended by SIGTERM then"));

    auto others = trace();
    leaves(others, client_only(others), 3400, 100);
    leaves(others, client_only(others, 40001), 20, 100, 50);
    result = judged(others);
    REQUIRE(result.findings.size() == 1);
    CHECK_THAT(all_text(result.findings[0]), Contains("the service answers other connections"));
}

TEST_CASE("a server that closes first, with a request on the connection and no byte sent, left it unanswered: where somebody failed over it, or others are answered") {
    struct Case {
        double ms = 2000;
        std::uint32_t got = 84, sent = 0;
        int client_code = 0, server_code = 0;  ///< wait(2) status of who ends right after
        bool others_answered = false, another = false;
    };
    const auto play = [](const Case& one) {
        auto t = trace();
        const Session s = session(t);
        listen(t, s);
        open(t, s, 0);
        if (one.others_answered) {
            const Session other = session(t, "edge", "fe", 40001);
            open(t, other, 3000);
            closed_by_server(t, other, 3010, 50, 500);
        }
        if (one.another) client_opens(t, session(t, "edge", "fe", 40002), 20);
        closed_by_server(t, s, one.ms, one.got, one.sent);
        if (one.client_code) t.at(one.ms + 3).process_exit(s.client.task, one.client_code);
        if (one.server_code) t.at(one.ms + 4).process_exit(s.server.task, one.server_code);
        return judged(t).findings;
    };
    const auto failed = play({.client_code = 52 << 8});
    REQUIRE(failed.size() == 1);
    CHECK(failed[0].rule == "server-silent");
    CHECK(failed[0].culprit == Culprit::local_application);
    CHECK(failed[0].certainty == Certainty::likely);
    CHECK(failed[0].connections.size() == 2);
    CHECK_THAT(failed[0].headline, Contains("server[50] on fe closed the connection of dialer[100] on edge") && Contains("without an answer: 84 bytes had come"));
    CHECK_THAT(all_text(failed[0]), Contains("dialer[100] exited with status 52"));
    CHECK(play({.server_code = 1 << 8}).size() == 1);
    CHECK(play({.others_answered = true}).size() == 1);

    CHECK(play({}).empty());                                       // it may be a service that only takes data
    CHECK_THAT(play({.got = 0, .client_code = 52 << 8}).at(0).headline, Contains("without a word"));  // a client that waits to be greeted
    CHECK(play({.got = 0, .others_answered = true}).empty());      // one that only held a connection ready
    CHECK(play({.sent = 300, .client_code = 22 << 8}).empty());    // it answered
    CHECK(play({.ms = 100, .others_answered = true}).empty());     // a message that is due no answer: PostgreSQL's cancel request
    CHECK(play({.ms = 100, .client_code = 1 << 8, .another = true}).empty());  // its process may have failed over the other connection
}

TEST_CASE("a process that dies suddenly cuts its connections off; one that is asked to end does so only in the midst of a request") {
    const auto play = [](int code, std::uint32_t got, std::uint32_t sent) {
        auto t = trace();
        const Session s = session(t);
        listen(t, s);
        open(t, s, 0);
        dies(t, s, 500, code, got, sent);
        return judged(t).findings;
    };
    const auto killed = play(9, 50, 20);
    REQUIRE(killed.size() == 1);
    CHECK(killed[0].rule == "process-died");
    CHECK(killed[0].certainty == Certainty::proven);
    CHECK_THAT(killed[0].headline, Contains("server[50]") && Contains("was killed by SIGKILL: 1 open connection was cut off"));
    CHECK(play(15, 50, 20).empty());
    CHECK(play(0, 50, 0).empty());
    const auto asked = play(15, 50, 0);
    REQUIRE(asked.size() == 1);
    CHECK_THAT(asked[0].headline, Contains("without an answer to its request"));
}

TEST_CASE("a process that the OOM killer chose is told so, and SIGKILL alone is not taken for that") {
    for (const bool chosen : {true, false}) {
        auto t = trace();
        const Session s = session(t);
        listen(t, s);
        open(t, s, 0);
        ProcessExit exit{s.server.task, 9};
        exit.out_of_memory = chosen;
        t.at(500).add(exit);
        t.as(s.server).at(501).state(TcpState::established, TcpState::fin_wait1).fin_out();
        const auto found = judged(t).findings;
        INFO(all_text(found));
        REQUIRE(found.size() == 1);
        CHECK(found[0].rule == "process-died");
        CHECK(found[0].certainty == Certainty::proven);
        CHECK_THAT(found[0].headline, Contains(chosen ? "was killed by the kernel's OOM killer (SIGKILL): 1 open connection was cut off" : "was killed by SIGKILL: 1 open"));
        CHECK((all_text(found).find("memory ran out") != std::string::npos) == chosen);
    }
}

TEST_CASE("accept() that fails for want of descriptors is named, and is no process that does not call it") {
    const auto play = [](double last_ms, double accepted_ms) {
        auto t = trace();
        const Session s = session(t);
        listen(t, s);
        for (double ms = 100; ms <= last_ms; ms += 1000) {
            Call call;
            call.op = Call::Op::accept;
            call.phase = Call::Phase::exit;
            call.task = s.listener.task;
            call.ret = -EMFILE;
            call.argument = ms > 100 ? 4 : 0;
            call.listener_cookie = s.listener.cookie;
            call.listener_socket_id = s.listener.socket_id;
            t.as(s.listener).at(ms).without_cookie().add(call);
        }
        if (accepted_ms > 0) open(t, s, accepted_ms);
        return judged(t).findings;
    };
    const auto found = play(2100, 0);
    REQUIRE(found.size() == 1);
    CHECK(found[0].rule == "hung-service");
    CHECK_THAT(found[0].headline, Contains("server[50]") && Contains("cannot accept()") && Contains("11 calls failed with EMFILE within 2.0 s"));
    CHECK(play(100, 600).empty());           // it got over it at once
    CHECK(play(100, 2600).size() == 1);      // not so soon
    CHECK(play(2100, 2200).size() == 1);
    CHECK(play(100, 50).size() == 1);        // that was before
}

TEST_CASE("handshakes reset at their last ACK are the sysctl's doing where it is set, and the queue's that was full") {
    for (const bool set : {true, false}) {
        auto t = trace();
        const Session s = session(t);
        listen(t, s);
        t.as(s.server).at(10).syn_in().syn_ack_out().at(11).reset_without_socket("INVALID_SYN", tcp_flag::ack | tcp_flag::psh).rst_out();
        t.info().witnesses[s.server.witness].sysctls["net.ipv4.tcp_abort_on_overflow"] = set ? "1" : "0";
        const auto found = judged(t).findings;
        const bool told = std::any_of(found.begin(), found.end(), [](const Finding& f) { return f.rule == "accept-queue-overflow" && f.headline.find("tcp_abort_on_overflow=1 resets 1 client") != std::string::npos; });
        INFO(all_text(found));
        CHECK(told == set);
    }
}

TEST_CASE("what a proxy's client saw is an effect of what failed behind it, where it was the only client then") {
    for (const bool alone : {true, false}) {
        auto t = trace();
        const Task proxy = task(70, "haproxy");
        const auto accepted = [&](int port) {
            Session s = session(t, "edge", "mid", port, "10.0.2.2:80");
            s.server.task = s.listener.task = proxy;
            server_opens(t, s, 0);
            return s;
        };
        const Session client = accepted(40000);
        if (!alone) accepted(40001);
        const End up = t.end("mid", "10.0.2.2:50000", "10.0.3.2:5061", proxy);
        refused(t, up, 100);
        aborts(t, client.server, 110, "TCP_ABORT_ON_CLOSE", 7);
        const auto found = judged(t).findings;
        INFO(all_text(found));
        REQUIRE(found.size() == (alone ? 1u : 2u));
        CHECK(found[0].rule == "connect-refused");
        CHECK((found[0].headline.find("so haproxy's client 10.0.1.2:40000 was reset") != std::string::npos) == alone);
    }
}
