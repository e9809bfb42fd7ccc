// handshake-slow, port-exhaustion, endpoint-down and endpoint-up.
#include <catch2/catch.hpp>

#include "support/judged.h"
#include "support/scenes.h"

using namespace tcpwitness;
using Catch::Contains;

namespace {

std::vector<Finding> of_rule(const Story& story, const std::string& rule) {
    std::vector<Finding> findings = find_all(story);
    std::erase_if(findings, [&](const Finding& f) { return f.rule != rule; });
    return findings;
}

/// SYNs leave every second; the SYN-ACK comes `ms` after the first.
void client_opens_late(TraceBuilder& t, const Session& s, double ms) {
    t.as(s.client).at(0).connect_enter().syn_sent().syn_out();
    for (double at = 1000; at < ms; at += 1000) t.at(at).syn_retransmit().syn_out();
    t.at(ms).syn_ack_in().state(TcpState::syn_sent, TcpState::established).connect_exit();
}

void server_opens_at(TraceBuilder& t, const Session& s, double syn_in, double syn_ack_out, double established) {
    t.as(s.server).at(syn_in).syn_in().at(syn_ack_out).syn_ack_out().at(established).state(TcpState::syn_recv, TcpState::established).accept(s.listener);
}

void fails(TraceBuilder& t, const std::string& to, int port, double ms, int error = ECONNREFUSED) {
    const End client = t.end("edge", "10.0.1.2:" + std::to_string(port), to, task(100, "dialer"));
    t.as(client).at(ms).connect_enter().syn_sent().syn_out().at(ms + 1).rst_in().error(error).wiped_close(TcpState::syn_sent).connect_exit(-error).destroy();
}

void succeeds(TraceBuilder& t, const std::string& to, int port, double ms) {
    const End client = t.end("edge", "10.0.1.2:" + std::to_string(port), to, task(100, "dialer"));
    t.as(client).at(ms).connect_enter().syn_sent().syn_out().at(ms + 1).syn_ack_in().state(TcpState::syn_sent, TcpState::established).connect_exit();
}

}  // namespace

TEST_CASE("a handshake of 2 s, seen by the client alone, is possibly the path's") {
    auto t = trace();
    const Session s = session(t);
    auto alone = trace();
    alone.witness("edge");
    client_opens_late(alone, s, 2000.5);
    const Finding f = only(alone.story());
    CHECK(f.rule == "handshake-slow");
    CHECK(f.culprit == Culprit::path);
    CHECK(f.certainty == Certainty::possible);
    CHECK_THAT(f.headline, Contains("took 2.0 s: 3 SYNs were sent"));
    CHECK_THAT(f.settle, Contains("record on 10.0.2.2"));
}

TEST_CASE("one lost SYN is nothing to tell") {
    auto t = trace();
    const Session s = session(t);
    listen(t, s);
    client_opens_late(t, s, 1000.5);
    server_opens_at(t, s, 1000.1, 1000.2, 1000.6);
    nothing(t.story());
}

TEST_CASE("with both ends it is proven which part of the handshake took the time") {
    auto t = trace();
    const Session s = session(t);
    listen(t, s);
    client_opens_late(t, s, 2000.5);
    const char* words = nullptr;
    Culprit culprit = Culprit::path;
    SECTION("the way there") {
        server_opens_at(t, s, 2000.1, 2000.2, 2000.6);
        words = "first SYN arrive 2.0 s after it had left";
    }
    SECTION("the server") {
        server_opens_at(t, s, .1, 2000.2, 2000.6);
        words = "which answered 2.0 s later";
        culprit = Culprit::local_kernel;  // both ends are on one host
    }
    SECTION("the way back") {
        server_opens_at(t, s, .1, .2, 2000.6);
        words = "its SYN-ACK came back 2.0 s later";
    }
    const Finding f = only(t.story());
    CHECK(f.rule == "handshake-slow");
    CHECK(f.culprit == culprit);
    CHECK(f.certainty == Certainty::proven);
    CHECK_THAT(all_text(f), Contains(words));
    CHECK(f.settle.empty());
}

TEST_CASE("a server whose SYN-ACK is acknowledged late tells it too, but not for one SYN-ACK sent again") {
    auto t = trace();
    const Session s = session(t);
    listen(t, s);
    client_opens(t, s, 0);  // the client holds the connection for open: its ACK was lost
    t.as(s.server).at(.2).syn_in().syn_ack_out().at(1000).syn_ack_retransmit(s.listener, 1);
    SECTION("twice") {
        t.at(3000).syn_ack_retransmit(s.listener, 2).at(3000.5).state(TcpState::syn_recv, TcpState::established).accept(s.listener);
        const Finding f = only(t.story());
        CHECK(f.rule == "handshake-slow");
        CHECK(f.certainty == Certainty::proven);
        CHECK_THAT(all_text(f), Contains("whose ACKs were lost on their way back"));
    }
    SECTION("once, as TCP_DEFER_ACCEPT does") {
        t.at(3000.5).state(TcpState::syn_recv, TcpState::established).accept(s.listener);
        nothing(t.story());
    }
}

TEST_CASE("connect() without a free port counts the ports in use against the range") {
    auto t = trace();
    t.witness("edge");
    t.info().witnesses[0].sysctls["net.ipv4.ip_local_port_range"] = "40000 40009";
    const int used = GENERATE(10, 3);
    for (int i = 0; i < used; ++i) succeeds(t, "10.0.2.2:5061", 40000 + i, 10 * i);
    for (int i = 0; i < 5; ++i) succeeds(t, "10.0.2.3:5061", 40000 + i, 200 + 10 * i);  // another destination counts for itself
    const End unlucky = t.end("edge", "*:0", "10.0.2.2:5061", task(101, "unlucky"));
    t.as(unlucky).at(1000).socket_call().connect_enter().connect_exit(-EADDRNOTAVAIL);
    const Finding f = only(t.story());
    CHECK(f.rule == "port-exhaustion");
    CHECK(f.culprit == Culprit::local_configuration);
    CHECK(f.certainty == (used == 10 ? Certainty::proven : Certainty::likely));
    CHECK_THAT(f.headline, Contains("unlucky[101]") && Contains(used == 10 ? "no local port was free" : "no local address or no local port"));
    CHECK_THAT(all_text(f), Contains("10 ports (40000 to 40009); " + std::to_string(used) + " to 10.0.2.2:5061 were in use"));
}

TEST_CASE("connect() without an address of that family is told as that, where the addresses are known") {
    auto t = trace();
    t.witness("edge");
    t.info().witnesses[0].sysctls["net.ipv4.ip_local_port_range"] = "40000 40009";
    const bool has_one = GENERATE(false, true);
    t.info().witnesses[0].addresses = {*Address::parse(has_one ? "fd00::2" : "10.0.1.2")};
    const End unlucky = t.end("edge", "*:0", "[::1]:5061", task(101, "unlucky"));
    t.as(unlucky).at(1000).socket_call().connect_enter().connect_exit(-EADDRNOTAVAIL);
    const Finding f = only(t.story());
    CHECK(f.certainty == Certainty::likely);
    CHECK_THAT(f.headline, Contains(has_one ? "no local address or no local port" : "no device here has an IPv6 address"));
}

TEST_CASE("connects without a free port fold") {
    auto t = trace();
    for (int i = 0; i < 7; ++i) {
        const End unlucky = t.end("edge", "*:0", "10.0.2.2:5061", task(101, "unlucky"));
        t.as(unlucky).at(100 * i).socket_call().connect_enter().connect_exit(-EADDRNOTAVAIL);
    }
    const Finding f = only(t.story());
    CHECK(f.count == 7);
    CHECK(f.connections.size() == 7);
    CHECK(f.evidence.size() == 7);
}

TEST_CASE("bind() to a port that is taken names who has it") {
    auto t = trace();
    const End late = t.end("fe", "0.0.0.0:5061", "*:0", task(60, "latecomer"));
    std::string words;
    SECTION("a listener") {
        const End listener = t.listener("fe", "10.0.2.2:5061", task(50, "server"));
        t.as(listener).at(0).listen_call();
        words = "server[50] listens there";
    }
    SECTION("a listener of another address family's wildcard, in another namespace, is no reason") {
        const End listener = t.listener("edge", "0.0.0.0:5061", task(50, "server"));
        t.as(listener).at(0).listen_call();
        words = "something uses the port already";
    }
    SECTION("a connection in TIME_WAIT") {
        Session s = session(t);
        server_opens(t, s, 10);
        closes_first(t, s.server, 20);
        words = "is still in TIME_WAIT there";
    }
    t.as(late).at(1000).call(Call::Op::bind, Call::Phase::enter).call(Call::Op::bind, Call::Phase::exit, -EADDRINUSE);
    SECTION("told") {
        if (words.empty()) words = "something uses the port already";
        const Finding f = only(t.story());
        CHECK(f.rule == "port-exhaustion");
        CHECK(f.certainty == Certainty::proven);
        CHECK_THAT(f.headline, Contains("latecomer[60]") && Contains(words));
    }
}

TEST_CASE("bind() that takes another port instead is nothing to tell") {
    auto t = trace();
    const End late = t.end("fe", "0.0.0.0:5061", "*:0", task(60, "latecomer"));
    t.as(late).at(0).call(Call::Op::bind, Call::Phase::exit, -EADDRINUSE).call(Call::Op::bind, Call::Phase::exit, 0);
    nothing(t.story());
}

TEST_CASE("bind() to an address of another host") {
    auto t = trace();
    const End stranger = t.end("fe", "192.0.2.1:5061", "*:0", task(60, "stranger"));
    t.as(stranger).at(0).call(Call::Op::bind, Call::Phase::exit, -EADDRNOTAVAIL);
    CHECK_THAT(only(t.story()).headline, Contains("no device here has that address"));
}

TEST_CASE("five connects that fail in a row make a destination down, and a later one up again") {
    auto t = trace();
    const int failures = GENERATE(4, 5);
    const bool later = GENERATE(false, true);
    succeeds(t, "10.0.2.2:5061", 40000, 0);
    for (int i = 0; i < failures; ++i) {
        fails(t, "10.0.2.2:5061", 40001 + i, 1000 + 1000 * i);
        succeeds(t, "10.0.2.2:5062", 41000 + i, 1500 + 1000 * i);
    }
    if (later) succeeds(t, "10.0.2.2:5061", 40100, 11'000);
    const Story story = t.story();
    const auto down = of_rule(story, "endpoint-down"), up = of_rule(story, "endpoint-up");
    CHECK(down.size() == (failures == 5 && !later));
    CHECK(up.size() == (failures == 5 && later));
    CHECK(of_rule(story, "connect-refused").size() == 1);  // a state takes nothing away from the verdict
    for (const Finding& f : down) {
        CHECK_THAT(f.headline, Contains("10.0.2.2:5061 is down"));
        CHECK_THAT(all_text(f), Contains("5 connects in a row failed over 4.0 s: 5 with ECONNREFUSED"));
    }
    for (const Finding& f : up) {
        const Finding refused = of_rule(story, "connect-refused").front();
        CHECK(f.culprit == refused.culprit);  // the state judges nobody: it is as sure as what says why
        CHECK(f.certainty == refused.certainty);
        CHECK(f.settle == refused.settle);
        CHECK_THAT(all_text(f), Contains("why: connect-refused, likely"));
        CHECK_THAT(f.headline, Contains("10.0.2.2:5061 is up again after 10.0 s"));
        CHECK_THAT(all_text(f), Contains("5 with ECONNREFUSED"));
        CHECK_FALSE(f.evidence.empty());
    }
}

TEST_CASE("records that were lost after the last failure may have been a connect that came through") {
    for (const auto& [lost, back] : {std::pair{false, false}, {true, false}, {false, true}, {true, true}}) {
        auto t = trace();
        for (int i = 0; i < 5; ++i) fails(t, "10.0.2.2:5061", 40000 + i, 100 * i);
        if (lost) t.gap(60'000, 60'100, 3);
        succeeds(t, back ? "10.0.2.2:5061" : "10.0.2.2:80", 41000, 90'000);
        const auto state = of_rule(t.story(), back ? "endpoint-up" : "endpoint-down");
        REQUIRE(state.size() == 1);
        CHECK((all_text(state[0]).find("records were lost") != std::string::npos) == lost);
        CHECK(state[0].certainty == Certainty::likely);
    }
}

TEST_CASE("connects that fail on this host say nothing about the destination") {
    auto t = trace();
    for (int i = 0; i < 6; ++i) {
        const End client = t.end("edge", "*:0", "10.0.2.2:5061", task(100, "dialer"));
        t.as(client).at(100 * i).socket_call().connect_enter().connect_exit(-EADDRNOTAVAIL);
    }
    CHECK(of_rule(t.story(), "endpoint-down").empty());
}
