// What devices on the path do to handshakes and to what follows: SYN proxies, lost Fast Open SYNs, lost ACKs behind SYN cookies, changed window scales, dropped marks.
#include <catch2/catch.hpp>

#include "support/judged.h"
#include "support/scenes.h"

using namespace tcpwitness;
using Catch::Contains;

namespace {

void fires(TraceBuilder& t, Timer::Which which, std::uint32_t rto_us, std::uint8_t backoff = 0) {
    Timer timer;
    timer.what = Timer::What::fired;
    timer.which = which;
    timer.rto_us = rto_us;
    timer.backoff = backoff;
    t.add(timer);
}

void cookie_counted(TraceBuilder& t, const End& at, double ms) {
    Queue queue;
    queue.what = Queue::What::counters;
    queue.syn_cookies = 1;
    End bare;
    bare.witness = at.witness;
    t.as(bare).at(ms).add(queue);
}

}  // namespace

TEST_CASE("a SYN proxy opened the connection, and the server has no such port: one finding, and no packet filter is blamed") {
    auto t = trace();
    Session s = session(t);
    t.as(s.client).at(100).connect_enter().syn_sent().syn_out().timer_armed(1000);
    t.at(100.2).packet(false, tcp_flag::syn | tcp_flag::ack, 777, s.client.isn + 1).state(TcpState::syn_sent, TcpState::established).connect_exit();
    t.as(s.server).at(100.4).syn_in().reset_without_socket("NO_SOCKET").rst_out();
    is_reset(t, s.client, 100.6);
    const Finding f = only(t.story());
    CHECK(f.rule == "reset-sent");
    CHECK(f.culprit == Culprit::local_configuration);
    CHECK_THAT(f.headline, Contains("nothing listens on 10.0.2.2:5061") && Contains("had answered it with SYN-ACK") && Contains("dialer[100]"));
    CHECK_THAT(all_text(f), Contains("SYN proxy"));
}

TEST_CASE("a RST from farther away than the SYN-ACK, right after the handshake, is not forged: a SYN proxy answered") {
    auto t = trace();
    End client = t.end("edge", "10.0.1.2:40000", "10.0.2.2:5061", task(100, "dialer"));
    client.peer_isn = 777;
    const std::uint8_t ttl = GENERATE(std::uint8_t{62}, std::uint8_t{64}, std::uint8_t{250});
    t.as(client).at(0).connect_enter().syn_sent().syn_out().timer_armed(1000);
    t.at(.4).ttl(63).syn_ack_in().state(TcpState::syn_sent, TcpState::established).connect_exit();
    t.at(.6).ttl(ttl).rst_in().reset_received().error(ECONNRESET).wiped_close(TcpState::established);
    CHECK(only(t.story()).rule == (ttl == 62 ? "reset-received" : "reset-forged"));
}

TEST_CASE("the SYN proxy's own host alone: the server refused what it had accepted") {
    auto t = trace();
    End half = t.end("mid", "10.0.2.2:5061", "10.0.1.2:40000");
    half.cookie = half.socket_id = 0;
    half.peer_isn = 500;
    End onward = half;
    onward.flow = half.flow.reversed();
    onward.isn = 500;
    onward.peer_isn = 0;
    t.as(half).at(0).syn_in().syn_ack_out();
    t.as(onward).at(.1).syn_out();
    const bool refused = GENERATE(true, false);
    if (refused) t.at(.2).packet(false, tcp_flag::rst | tcp_flag::ack, 0, 501);
    t.at(3000);
    if (!refused) return nothing(t.story());
    const Finding f = only(t.story());
    CHECK(f.rule == "reset-received");
    CHECK(f.culprit == Culprit::peer_host);
    CHECK(f.certainty == Certainty::likely);
    CHECK_THAT(f.headline, Contains("10.0.2.2:5061 refused the connection of 10.0.1.2:40000 that mid had accepted in its name"));
}

TEST_CASE("handshake-slow: a SYN with Fast Open is lost, a plain one is answered at once") {
    auto t = trace();
    Session s = session(t);
    const bool fast_open = GENERATE(true, false);
    t.as(s.client).at(100).connect_enter().syn_sent();
    if (fast_open) t.look().payload = 5;
    t.syn_out().timer_armed(1000).at(1100).syn_retransmit().syn_out();
    t.at(1100.4).syn_ack_in().state(TcpState::syn_sent, TcpState::established).connect_exit();
    if (!fast_open) return nothing(t.story());
    const Finding f = only(t.story());
    CHECK(f.rule == "handshake-slow");
    CHECK(f.culprit == Culprit::path);
    CHECK(f.certainty == Certainty::possible);
    CHECK_THAT(f.headline, Contains("TCP Fast Open, with 5 bytes of data, and was lost"));
}

TEST_CASE("handshake-incomplete: the ACK is lost, and a SYN cookie is not sent again") {
    auto t = trace();
    Session s = session(t);
    listen(t, s);
    client_opens(t, s, 100);
    End bare = s.server;
    bare.cookie = bare.socket_id = 0;
    t.as(bare).at(100.2).syn_in().syn_ack_out();
    SECTION("the server counted a cookie") {
        cookie_counted(t, s.server, 900);
        t.at(6000);
        const Finding f = only(t.story());
        CHECK(f.rule == "handshake-incomplete");
        CHECK(f.culprit == Culprit::path);
        CHECK(f.certainty == Certainty::likely);
        CHECK_THAT(f.headline, Contains("dialer[100]") && Contains("fe knows nothing of it"));
    }
    SECTION("without one, a listener may wait for data (TCP_DEFER_ACCEPT)") {
        t.at(6000);
        nothing(t.story());
    }
    SECTION("the client left soon") {
        cookie_counted(t, s.server, 900);
        closes_first(t, s.client, 1000);
        t.at(6000);
        nothing(t.story());
    }
}

TEST_CASE("loss-stall: one timeout after another, each made good at once") {
    auto t = trace();
    Session s = session(t);
    const int timeouts = GENERATE(20, 5);
    const bool ecn = GENERATE(true, false);
    const std::uint8_t asks = ecn ? 0xc0 : 0, agrees = ecn ? 0x40 : 0;
    End& end = s.client;
    t.as(end).at(0).connect_enter().syn_sent().packet(true, tcp_flag::syn | asks, end.isn).timer_armed(1000);
    t.at(.4).packet(false, tcp_flag::syn | tcp_flag::ack | agrees, end.peer_isn, end.isn + 1).state(TcpState::syn_sent, TcpState::established).connect_exit();
    for (int i = 0; i < timeouts; ++i) {
        TcpNumbers tcp;
        tcp.snd_una = end.isn + 1 + 1448 * static_cast<std::uint32_t>(i);
        t.at(250. * (i + 1));
        fires(t, Timer::Which::rto, 204'000);
        t.rto(1, tcp);
    }
    if (timeouts < 10) return nothing(t.story());
    const Finding f = only(t.story());
    CHECK(f.rule == "loss-stall");
    CHECK(f.culprit == Culprit::path);
    CHECK(f.certainty == Certainty::likely);
    CHECK_THAT(f.headline, Contains("crawls") && Contains("20 retransmission timeouts"));
    CHECK((all_text(f).find("negotiated ECN") != std::string::npos) == ecn);
}

TEST_CASE("zero-window-stall: a device changed the window scale") {
    auto t = trace();
    Session s = session(t);
    listen(t, s);
    const bool both_ends = GENERATE(true, false), changed = GENERATE(true, false);
    t.as(s.client).at(0).connect_enter().syn_sent().syn_out().timer_armed(1000);
    t.at(.4).look().window_scale = changed ? 0 : 7;
    t.syn_ack_in().state(TcpState::syn_sent, TcpState::established).connect_exit();
    if (both_ends) {
        t.as(s.server).at(.2).syn_in().look().window_scale = 7;
        t.syn_ack_out().at(.5).state(TcpState::syn_recv, TcpState::established).at(.6).accept(s.listener);
    }
    for (int i = 0; i < 20; ++i) {
        t.as(s.client).at(200. * (i + 1));
        fires(t, Timer::Which::zero_window_probe, 204'000);
    }
    if (!changed) return nothing(t.story());  // a reader that takes its time, with a small buffer
    const Finding f = only(t.story());
    CHECK(f.rule == "zero-window-stall");
    CHECK(f.certainty == (both_ends && changed ? Certainty::proven : Certainty::possible));
    CHECK(f.culprit == (both_ends && changed ? Culprit::path : Culprit::unknown));
    if (both_ends && changed) CHECK_THAT(all_text(f), Contains("left fe with window scale 7 and came to edge with window scale 0"));
}

TEST_CASE("a window that is really closed asks ever more rarely, and a few probes are nothing") {
    auto t = trace();
    Session s = session(t);
    client_opens(t, s, 0);
    const bool backs_off = GENERATE(true, false);
    const int probes = backs_off ? 20 : 4;
    for (int i = 0; i < probes; ++i) {
        t.as(s.client).at(200. * (i + 1));
        fires(t, Timer::Which::zero_window_probe, 204'000, backs_off ? static_cast<std::uint8_t>(i) : 0);
    }
    t.at(6000);
    nothing(t.story());
}

TEST_CASE("connect-timeout: the application's limit is shorter than the way there and back") {
    auto t = trace();
    Session s = session(t);
    listen(t, s);
    t.as(s.client).at(0).connect_enter().syn_sent().syn_out().timer_armed(1000).at(250).wiped_close(TcpState::syn_sent).destroy();
    t.as(s.server).at(200).syn_in().syn_ack_out();
    End bare = s.client;
    bare.cookie = bare.socket_id = 0;
    const bool came = GENERATE(true, false);
    if (came) t.as(bare).at(400).syn_ack_in();
    t.as(s.server).at(9000);
    const auto findings = find_all(t.story());
    INFO(all_text(findings));
    REQUIRE(findings.size() == 1);
    const Finding& f = findings[0];
    CHECK(f.rule == "connect-timeout");
    CHECK(f.culprit == (came ? Culprit::local_application : Culprit::path));
    CHECK(f.certainty == Certainty::proven);
    if (came) CHECK_THAT(f.headline, Contains("was given up after 249 ms, and the SYN-ACK came 399 ms after the SYN"));
    CHECK(all_text(f).find("never left it") == std::string::npos);
}

TEST_CASE("connect-timeout: closed with SO_LINGER 0 while it waited, which the kernel notes as ECONNRESET") {
    auto t = trace();
    Session s = session(t, "edge", "edge");
    t.as(s.client).at(0).connect_enter().syn_sent().syn_out().timer_armed(1000);
    t.at(1000).error(ECONNRESET).wiped_close(TcpState::syn_sent).destroy();
    const Finding f = only(t.story());
    CHECK(f.rule == "connect-timeout");
    CHECK_THAT(f.headline, Contains("given up by dialer after 999 ms"));
}

TEST_CASE("a client that is reset time after time by its peer is no health check") {
    auto t = trace();
    for (int i = 0; i < 4; ++i) {
        Session s = session(t, "edge", "edge", 40000 + i);
        client_opens(t, s, 400. * i);
        is_reset(t, s.client, 400. * i + 1);
    }
    const Finding f = only(t.story());
    CHECK(f.rule == "reset-received");
    CHECK(f.count == 4);
}

namespace {

/// Only a router was recorded: a SYN goes through it `times` times, a second apart.
struct Router {
    TraceBuilder t = trace();
    std::uint32_t left = t.interface("mid", "eth-left"), right = t.interface("mid", "eth-right");
    double last_ms = 0;

    void pass(int port, int times, bool refused, bool answered, const std::string& client = "10.0.1.2") {
        End to = t.end("mid", "10.0.2.2:5061", client + ":" + std::to_string(port));  // as it comes in: from the client
        to.cookie = to.socket_id = 0;
        to.peer_isn = static_cast<std::uint32_t>(port) * 100;
        End from = to;
        from.flow = to.flow.reversed();
        from.isn = to.peer_isn;
        from.peer_isn = 777;
        for (int i = 0; i < times; ++i) {
            last_ms += 1000;
            t.as(to).at(last_ms).on(left).syn_in();
            t.as(from).at(last_ms + .1).on(right).syn_out();
        }
        if (refused) t.as(from).at(last_ms + .5).on(right).packet(false, tcp_flag::rst | tcp_flag::ack, 0, from.isn + 1);
        if (answered) t.as(from).at(last_ms + .5).on(right).syn_ack_in();
    }
    Judgement judged() {
        t.at(last_ms + 3000).gap(0, 0, 0);
        return judge(t.story());
    }
};

}  // namespace

TEST_CASE("what only a router saw: refused behind it, never answered, or answered") {
    Router router;
    SECTION("refused") {
        router.pass(40000, 1, true, false);
        router.pass(40001, 1, true, false);
        const auto found = router.judged().findings;
        INFO(all_text(found));
        REQUIRE(found.size() == 1);
        CHECK(found[0].rule == "connect-refused");
        CHECK(found[0].culprit == Culprit::peer_host);
        CHECK(found[0].count == 2);
        CHECK_THAT(found[0].headline, Contains("10.0.2.2:5061 refused the connect of 10.0.1.2: the RST came through mid, in on eth-right"));
    }
    SECTION("silent") {
        router.pass(40000, 3, false, false);
        const auto found = router.judged().findings;
        INFO(all_text(found));
        REQUIRE(found.size() == 1);
        CHECK(found[0].rule == "connect-timeout");
        CHECK(found[0].culprit == Culprit::path);
        CHECK(found[0].certainty == Certainty::possible);
        CHECK_THAT(found[0].headline, Contains("10.0.1.2 got no answer from 10.0.2.2:5061: 3 SYNs went through mid, out on eth-right, and nothing came back"));
    }
    SECTION("one SYN, or an answer") {
        router.pass(40000, 1, false, false);
        router.pass(40001, 2, false, true);
        CHECK(router.judged().findings.empty());
    }
}
