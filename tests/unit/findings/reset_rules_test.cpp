// reset-sent, reset-received, idle-reset, listener-gone, retransmission-timeout.
#include <sys/socket.h>

#include <catch2/catch.hpp>

#include "support/judged.h"
#include "support/scenes.h"

using namespace tcpwitness;
using Catch::Contains;

namespace {

/// The client's half alone.
Session client_alone(TraceBuilder& t, int port = 40000) {
    Session s = session(t, "edge", "edge", port);
    return s;
}

}  // namespace

TEST_CASE("closing with unread data: the application, proven, on both sides one finding") {
    auto t = trace();
    Session s = session(t);
    listen(t, s);
    open(t, s, 100);
    aborts(t, s.server, 200, "TCP_ABORT_ON_CLOSE", 12);
    is_reset(t, s.client, 200.3);
    const Finding f = only(t.story());
    CHECK(f.rule == "reset-sent");
    CHECK(f.culprit == Culprit::local_application);
    CHECK(f.certainty == Certainty::proven);
    CHECK_THAT(f.headline, Contains("server[50]"));
    CHECK_THAT(f.headline, Contains("12 bytes unread"));
    CHECK_THAT(all_text(f), Contains("dialer[100] saw its connection reset"));
    CHECK(f.connections.size() == 2);
}

TEST_CASE("a kernel that gives no reason: inferred, and said so") {
    auto t = trace();
    Session s = client_alone(t);
    client_opens(t, s, 0);
    aborts(t, s.client, 200, "", 7);
    const Finding f = only(t.story());
    CHECK(f.rule == "reset-sent");
    CHECK(f.certainty == Certainty::likely);
    CHECK_THAT(f.headline, Contains("7 bytes unread"));
    CHECK_THAT(all_text(f), Contains("inferred"));
}

TEST_CASE("SO_LINGER 0 is raised, unless a health check does it at an even pace") {
    auto t = trace();
    Session once = client_alone(t);
    client_opens(t, once, 0);
    TcpNumbers tcp;
    tcp.snd_una = once.client.isn + 1;
    SocketOption linger;
    linger.level = SOL_SOCKET;
    linger.option = SO_LINGER;
    linger.value = 1;
    t.as(once.client).at(3).add(linger).state(TcpState::established, TcpState::close).reset_sent("TCP_DISCONNECT_WITH_DATA", tcp);
    t.packet(true, tcp_flag::rst | tcp_flag::ack, once.client.isn + 6, once.client.peer_isn + 1).destroy();  // 5 bytes sent, none got
    const Finding f = only(t.story());
    CHECK(f.rule == "reset-sent");
    CHECK(f.culprit == Culprit::local_application);
    CHECK_THAT(f.headline, Contains("SO_LINGER 0"));

    auto checks = trace();
    for (int i = 0; i < 5; ++i) {
        Session s = session(checks, "edge", "fe", 41000 + i);
        if (i == 0) listen(checks, s);
        open(checks, s, 10 + 2000 * i);
        aborts(checks, s.client, 13 + 2000 * i, "TCP_DISCONNECT_WITH_DATA");
        is_reset(checks, s.server, 13.2 + 2000 * i);
    }
    const auto findings = find_all(checks.story());
    INFO(all_text(findings));
    CHECK(findings.empty());
}

TEST_CASE("a health check that resets, seen by the server alone, is not raised") {
    auto t = trace();
    for (int i = 0; i < 5; ++i) {
        Session s = session(t, "fe", "fe", 41000 + i);
        if (i == 0) listen(t, s);
        server_opens(t, s, 10 + 2000 * i);
        is_reset(t, s.server, 13 + 2000 * i);
    }
    const auto findings = find_all(t.story());
    INFO(all_text(findings));
    CHECK(findings.empty());
}

TEST_CASE("a reset on purpose is harmless where nothing was sent, or where the answer came last and whole") {
    const auto pattern = [](std::uint32_t sent, std::uint32_t got, std::uint32_t asked_ms, std::uint32_t answered_ms) -> std::string {
        auto t = trace();
        Session s = client_alone(t);
        client_opens(t, s, 0);
        TcpNumbers tcp;
        tcp.snd_una = tcp.snd_nxt = tcp.write_seq = s.client.isn + 1 + sent;
        tcp.rcv_nxt = tcp.copied_seq = s.client.peer_isn + 1 + got;
        tcp.send_idle_ms = asked_ms;
        tcp.recv_idle_ms = answered_ms;
        t.as(s.client).at(500).state(TcpState::established, TcpState::close).reset_sent("TCP_ABORT_ON_LINGER", tcp);
        t.packet(true, tcp_flag::rst | tcp_flag::ack, s.client.isn + 1 + sent, s.client.peer_isn + 1 + got).destroy();
        const Judgement result = judge(t.story());
        return result.benign.empty() ? "" : result.benign.front().benign;
    };
    CHECK(pattern(0, 0, 0, 0) == "health-check");
    CHECK(pattern(100, 500, 5, 3) == "abort-after-exchange");
    CHECK(pattern(100, 500, 3, 5).empty());      // it asked again, and left before that was answered
    CHECK(pattern(100, 0, 3, 3).empty());        // never answered
    CHECK(pattern(100, 70'000, 5, 3).empty());   // who knows whether that was all
}

TEST_CASE("an early answer that arrived is harmless, unless its client was still sending and had not read it") {
    const auto harmless = [](std::uint32_t client_send_idle_ms, std::uint32_t unread, bool both) {
        auto t = trace();
        Session s = session(t);
        listen(t, s);
        both ? open(t, s, 0) : server_opens(t, s, 0);
        constexpr std::uint32_t asked = 5000, answered = 64;
        TcpNumbers tcp;
        tcp.snd_una = tcp.snd_nxt = tcp.write_seq = s.server.isn + 1 + answered;
        tcp.rcv_nxt = s.server.peer_isn + 1 + asked;
        tcp.copied_seq = s.server.peer_isn + 1 + 10;
        tcp.send_idle_ms = 50;
        tcp.recv_idle_ms = client_send_idle_ms;
        t.as(s.server).at(500).state(TcpState::established, TcpState::close).reset_sent("TCP_ABORT_ON_CLOSE", tcp);
        t.packet(true, tcp_flag::rst | tcp_flag::ack, s.server.isn + 1 + answered, s.server.peer_isn + 1 + asked).destroy();
        TcpNumbers client;
        client.snd_una = client.snd_nxt = client.write_seq = s.server.peer_isn + 1 + asked;
        client.rcv_nxt = s.server.isn + 1 + answered;
        client.copied_seq = client.rcv_nxt - unread;
        client.send_idle_ms = client_send_idle_ms;
        if (both) t.as(s.client).at(500.2).rst_in().reset_received(client).error(ECONNRESET, client).wiped_close(TcpState::established).destroy();
        return find_all(t.story()).empty();
    };
    CHECK(harmless(300, 64, true));
    CHECK(harmless(1, 0, true));    // it has read the answer
    CHECK_FALSE(harmless(1, 64, true));
    CHECK(harmless(300, 64, false));
    CHECK_FALSE(harmless(1, 64, false));  // data came after the answer had gone
}

TEST_CASE("SO_LINGER is named only where it was set, SOCK_DESTROY with the process that asked for it") {
    const auto headline = [](ResetSent::By by, bool told, std::optional<std::uint32_t> linger) {
        auto t = trace();
        Session s = client_alone(t);
        client_opens(t, s, 0);
        ResetSent reset;
        reset.task = by == ResetSent::By::sock_destroy ? task(600, "ss") : s.client.task;
        reset.reason = "TCP_STATE";
        reset.has_socket = true;
        reset.by = by;
        reset.linger_told = told;
        reset.linger_s = linger;
        t.as(s.client).at(3000).state(TcpState::established, TcpState::close).add(reset).rst_out().destroy();
        return only(t.story()).headline;
    };
    CHECK_THAT(headline(ResetSent::By::close, true, 0u), Contains("SO_LINGER 0"));
    CHECK_THAT(headline(ResetSent::By::close, true, std::nullopt), !Contains("SO_LINGER"));
    CHECK_THAT(headline(ResetSent::By::unknown, false, std::nullopt), !Contains("SO_LINGER"));
    CHECK_THAT(headline(ResetSent::By::sock_destroy, true, std::nullopt), Contains("ss[600] destroyed the connection of dialer[100]") && Contains("SOCK_DESTROY"));
}

TEST_CASE("a handshake that a program makes itself is reset by its own kernel, which knows nothing of it") {
    const auto play = [](int doors, bool asked_by_socket) {
        auto t = trace();
        Session s = session(t);
        listen(t, s);
        for (int i = 0; i < doors; ++i) {
            Session one = session(t, "edge", "fe", 40000, "10.0.2.2:" + std::to_string(5061 + i));
            End tool = one.client, half = one.server;
            if (asked_by_socket) t.as(tool).at(10).connect_enter().syn_sent();
            tool.cookie = tool.socket_id = half.cookie = half.socket_id = 0;
            t.as(tool).at(100 + i).syn_out();
            t.as(half).at(100.1 + i).syn_in().syn_ack_out();
            ResetSent reset;
            reset.reason = "NO_SOCKET";
            reset.answers_segment = true;
            reset.segment_flags = tcp_flag::syn | tcp_flag::ack;
            reset.seq = half.isn;
            reset.ack = tool.isn + 1;
            t.as(tool).at(100.2 + i).syn_ack_in().add(reset).rst_out();
            t.as(half).at(100.3 + i).rst_in();
        }
        return judge(t.story());
    };
    const Judgement one = play(1, false);
    INFO(all_text(one.findings));
    REQUIRE(one.findings.size() == 1);
    CHECK(one.findings[0].rule == "reset-sent");
    CHECK(one.findings[0].culprit == Culprit::local_kernel);
    CHECK_THAT(one.findings[0].headline, Contains("the kernel on edge reset 1 handshake of 10.0.1.2 with 10.0.2.2:5061") && Contains("a program had made it itself"));
    CHECK(one.findings[0].connections.size() == 1);
    const Judgement scan = play(12, false);
    INFO(all_text(scan.findings));
    CHECK(scan.findings.empty());
    CHECK(!scan.benign.empty());
    for (const Finding& f : play(1, true).findings) CHECK_THAT(f.headline, !Contains("made it itself"));  // a socket had asked
}

TEST_CASE("data after close") {
    auto t = trace();
    Session s = session(t);
    listen(t, s);
    open(t, s, 0);
    t.as(s.client).at(10).state(TcpState::established, TcpState::fin_wait1).fin_out().at(10.2).wiped_close(TcpState::fin_wait1).destroy();
    t.as(s.server).at(10.1).fin_in().state(TcpState::established, TcpState::close_wait);
    t.as(s.client).at(20).reset_without_socket("TCP_TIMEWAIT_SOCKET", tcp_flag::psh | tcp_flag::ack).rst_out();
    t.as(s.server).at(20.2).rst_in().reset_received().error(EPIPE).wiped_close(TcpState::close_wait).destroy();
    const Finding f = only(t.story());
    CHECK(f.rule == "reset-sent");
    CHECK(f.culprit == Culprit::local_application);
    CHECK(f.certainty == Certainty::proven);
    CHECK_THAT(f.headline, Contains("dialer[100]"));
    CHECK_THAT(f.headline, Contains("sent data after the socket had been closed"));
}

TEST_CASE("a client's TLS good-bye that crosses the server's FIN is harmless; a request that does is not") {
    auto t = trace();
    Session s = client_alone(t);
    client_opens(t, s, 0);
    const bool good_bye = GENERATE(true, false);
    TcpNumbers tcp;
    tcp.snd_una = 1001;
    tcp.snd_nxt = tcp.write_seq = tcp.snd_una + (good_bye ? 31 : 300);
    tcp.rcv_nxt = tcp.copied_seq = 5001;
    tcp.state = TcpState::close_wait;
    t.as(s.client).at(10).fin_in().state(TcpState::established, TcpState::close_wait);
    t.at(11).rst_in().reset_received(tcp).error(EPIPE).wiped_close(TcpState::close_wait).destroy();
    if (good_bye) {
        CHECK(find_all(t.story()).empty());
        return;
    }
    const Finding f = only(t.story());
    CHECK(f.rule == "reset-received");
    CHECK(f.culprit == Culprit::peer_application);
}

TEST_CASE("data after close on a connection that was open before the recording began") {
    auto t = trace();
    Session s = client_alone(t);
    ResetSent reset;
    reset.reason = "TCP_ABORT_ON_DATA";
    reset.has_socket = reset.answers_segment = true;
    reset.segment_flags = tcp_flag::ack;
    t.as(s.client).at(0).snapshot(TcpState::established).at(500).state(TcpState::established, TcpState::fin_wait1).fin_out();
    t.at(600).reset_received().add(reset).rst_out().wiped_close(TcpState::fin_wait1).destroy();
    const Finding f = only(t.story());
    CHECK(f.rule == "reset-sent");
    CHECK_THAT(f.headline, Contains("sent data after the socket had been closed"));
}

TEST_CASE("data after close on a socket that still is one: the kernel's own reset path is not a RST received") {
    auto t = trace();
    Session s = client_alone(t);
    client_opens(t, s, 0);
    t.as(s.client).at(10).state(TcpState::established, TcpState::fin_wait1).fin_out();
    ResetSent reset;
    reset.reason = "TCP_ABORT_ON_DATA";
    reset.answers_segment = reset.has_socket = true;
    reset.segment_flags = tcp_flag::psh | tcp_flag::ack;
    t.at(20).reset_received().wiped_close(TcpState::fin_wait1).add(reset).rst_out().destroy();
    const Finding f = only(t.story());
    CHECK(f.rule == "reset-sent");
    CHECK(f.certainty == Certainty::proven);
}

TEST_CASE("a RST for a late FIN or after both FINs is not raised") {
    auto t = trace();
    Session s = session(t);
    listen(t, s);
    open(t, s, 0);
    closes_first(t, s.client, 10);
    closes_second(t, s.server, 10);
    t.as(s.client).at(12).reset_without_socket("NO_SOCKET", tcp_flag::fin | tcp_flag::ack).rst_out();
    t.as(s.server).at(12.1).rst_in();
    const auto findings = find_all(t.story());
    INFO(all_text(findings));
    CHECK(findings.empty());
}

TEST_CASE("somebody knocks on a closed port: one folded finding per port") {
    auto t = trace();
    for (int i = 0; i < 4; ++i) {
        End knock = t.end("fe", "10.0.2.2:23", "192.0.2." + std::to_string(9 + i) + ":40000");
        knock.peer_isn = 100u + static_cast<unsigned>(i);
        t.as(knock).at(i * 700.0).syn_in().reset_without_socket("NO_SOCKET").rst_out();
    }
    const Finding f = only(t.story());
    CHECK(f.rule == "reset-sent");
    CHECK(f.culprit == Culprit::local_configuration);
    CHECK(f.certainty == Certainty::proven);
    CHECK(f.count == 4);
    CHECK_THAT(f.headline, Contains("192.0.2.9:40000"));
}

TEST_CASE("a flood: what was recorded and what was only counted are one finding, with their sum") {
    auto t = trace();
    for (int i = 0; i < 4; ++i) {
        End knock = t.end("fe", "10.0.2.2:23", "192.0.2.9:" + std::to_string(40000 + i));
        knock.peer_isn = 100u + static_cast<unsigned>(i);
        t.as(knock).at(i * 0.1).syn_in().reset_without_socket("NO_SOCKET").rst_out();
    }
    t.as(t.end("fe", "10.0.2.2:23", "192.0.2.0:0")).resets_counted(1996, 0, 1000).resets_counted(3000, 1000, 2000);
    const Finding f = only(t.story());
    CHECK(f.rule == "reset-sent");
    CHECK(f.culprit == Culprit::peer_host);
    CHECK(f.certainty == Certainty::proven);
    CHECK(f.count == 5000);
    CHECK(f.connections.size() == 4);
    CHECK_THAT(f.headline, Contains("a flood: segments from 192.0.2.0/24 to port 23"));
    CHECK_THAT(all_text(f), Contains("2500 a second; 4 of them recorded one by one"));
}

TEST_CASE("a flood of one port says nothing about a knock at another") {
    auto t = trace();
    End knock = t.end("fe", "10.0.2.2:24", "192.0.2.9:40000");
    t.as(knock).at(0.1).syn_in().reset_without_socket("NO_SOCKET").rst_out();
    t.as(t.end("fe", "10.0.2.2:23", "192.0.2.0:0")).resets_counted(1996, 0, 1000);
    const auto findings = find_all(t.story());
    INFO(all_text(findings));
    REQUIRE(findings.size() == 2);
    CHECK(findings[0].count + findings[1].count == 1997);
}

TEST_CASE("reset-received from one side") {
    auto t = trace();
    Session s = client_alone(t);
    client_opens(t, s, 0);
    is_reset(t, s.client, 500, 480, 490);
    const Finding f = only(t.story());
    CHECK(f.rule == "reset-received");
    CHECK(f.culprit == Culprit::peer_host);
    CHECK(f.certainty == Certainty::likely);
    CHECK_THAT(f.headline, Contains("in ESTABLISHED"));
    CHECK_THAT(all_text(f), Contains("480 ms"));
}

TEST_CASE("an established connection is reset under the peer's name") {
    auto t = trace();
    Session s = session(t);
    listen(t, s);
    open(t, s, 0);
    is_reset(t, s.client, 500);
    const Finding f = only(t.story());
    CHECK(f.rule == "reset-forged");
    CHECK(f.certainty == Certainty::proven);

    auto marked = trace();
    Session alone = client_alone(marked);
    alone.client.ttl_in = 61;
    client_opens(marked, alone, 0);
    marked.as(alone.client).at(500).ttl(250).rst_in().reset_received().error(ECONNRESET).wiped_close(TcpState::established);
    const Finding guess = only(marked.story());
    CHECK(guess.rule == "reset-forged");
    CHECK(guess.certainty == Certainty::likely);
}

namespace {

/// Silent from 1 s on, then the client sends and a RST answers.
void forgotten(TraceBuilder& t, const Session& s, double idle_ms, double start_ms = 0) {
    t.as(s.client).at(start_ms + 500).timer_armed(200);
    t.at(start_ms + 500 + idle_ms).timer_armed(200);
    is_reset(t, s.client, start_ms + 500 + idle_ms + 1, static_cast<std::uint32_t>(idle_ms), 1);
}

}  // namespace

TEST_CASE("idle-reset from one side: likely; the same silence several times: proven") {
    auto t = trace();
    Session s = client_alone(t);
    client_opens(t, s, 0);
    forgotten(t, s, 20'000);
    const Finding f = only(t.story());
    CHECK(f.rule == "idle-reset");
    CHECK(f.culprit == Culprit::path);
    CHECK(f.certainty == Certainty::likely);
    CHECK_THAT(f.headline, Contains("20.0 s of silence"));

    auto many = trace();
    for (int i = 0; i < 3; ++i) {
        Session one = client_alone(many, 40000 + i);
        client_opens(many, one, i);
        forgotten(many, one, 20'000 + 100 * i, i);
    }
    const Finding all = only(many.story());
    CHECK(all.certainty == Certainty::proven);
    CHECK(all.count == 3);
}

TEST_CASE("idle-reset with both ends: proven, and not called forged too") {
    auto t = trace();
    Session s = session(t);
    listen(t, s);
    open(t, s, 0);
    forgotten(t, s, 20'000);
    const Finding f = only(t.story());
    CHECK(f.rule == "idle-reset");
    CHECK(f.certainty == Certainty::proven);
    CHECK(f.connections.size() == 2);
}

TEST_CASE("a server that resets idle connections itself is reset-sent, a heartbeat's reset is reset-received") {
    auto t = trace();
    Session s = session(t);
    listen(t, s);
    open(t, s, 0);
    t.as(s.client).at(20'000).timer_armed(200);
    aborts(t, s.server, 20'001, "TCP_ABORT_ON_CLOSE", 3);
    is_reset(t, s.client, 20'001.2, 20'000, 1);
    CHECK(only(t.story()).rule == "reset-sent");

    auto beat = trace();
    Session one = client_alone(beat);
    client_opens(beat, one, 0);
    for (int i = 1; i <= 6; ++i) beat.as(one.client).at(15'000 * i).timer_armed(200);
    is_reset(beat, one.client, 90'001, 15'000, 1);
    CHECK(only(beat.story()).rule == "reset-received");

    auto unasked = trace();
    Session two = client_alone(unasked);
    client_opens(unasked, two, 0);
    is_reset(unasked, two.client, 60'000, 60'000, 60'000);
    CHECK(only(unasked.story()).rule == "reset-received");
}

TEST_CASE("retransmission-timeout from one side and with both ends") {
    const auto dies = [](TraceBuilder& t, const End& end) {
        t.as(end).at(1000).timer_armed(200);
        TcpNumbers tcp;
        tcp.snd_una = 1;
        tcp.write_seq = 101;
        std::uint8_t round = 0;
        for (const double ms : {1200., 1600., 2400., 4000.}) t.at(ms).rto(++round, tcp);
        t.at(7200).error(ETIMEDOUT, tcp).wiped_close(TcpState::established).destroy();
    };
    auto t = trace();
    Session s = client_alone(t);
    client_opens(t, s, 0);
    dies(t, s.client);
    const Finding f = only(t.story());
    CHECK(f.rule == "retransmission-timeout");
    CHECK(f.culprit == Culprit::path);
    CHECK(f.certainty == Certainty::possible);
    CHECK_THAT(f.headline, Contains("4 retransmits"));
    CHECK_THAT(f.headline, Contains("6.0 s"));
    CHECK_THAT(all_text(f), Contains("100 bytes"));

    auto both = trace();
    Session two = session(both);
    listen(both, two);
    open(both, two, 0);
    dies(both, two.client);
    const Finding likely = only(both.story());
    CHECK(likely.rule == "retransmission-timeout");
    CHECK(likely.certainty == Certainty::likely);
}

TEST_CASE("retransmits that are answered at last are nothing") {
    auto t = trace();
    Session s = client_alone(t);
    client_opens(t, s, 0);
    t.as(s.client).at(1000).rto(1).at(1400).rto(2);
    closes_first(t, s.client, 2000);
    CHECK(find_all(t.story()).empty());
}

TEST_CASE("a killed server: one finding for the refused, the dead and the killer") {
    auto t = trace();
    Session s = session(t);
    listen(t, s);
    open(t, s, 100);
    t.as(s.listener).at(1000).process_exit(task(50, "server"), 9).state(TcpState::listen, TcpState::close).destroy();
    aborts(t, s.server, 1000.5, "TCP_ABORT_ON_CLOSE", 5);
    is_reset(t, s.client, 1000.7);
    for (int i = 0; i < 3; ++i) {
        Session late = session(t, "edge", "fe", 41000 + i);
        t.as(late.client).at(2000 + i).connect_enter().syn_sent().syn_out().timer_armed(1000);
        t.as(late.server).at(2000.1 + i).syn_in().reset_without_socket("NO_SOCKET").rst_out();
        t.as(late.client).at(2000.2 + i).rst_in().reset_received().error(ECONNREFUSED).wiped_close(TcpState::syn_sent).connect_exit(-ECONNREFUSED).destroy();
    }
    const Finding f = only(t.story());
    CHECK(f.rule == "listener-gone");
    CHECK(f.culprit == Culprit::local_application);
    CHECK(f.certainty == Certainty::proven);
    CHECK_THAT(f.headline, Contains("server[50]"));
    CHECK_THAT(f.headline, Contains("killed by SIGKILL"));
    CHECK_THAT(f.headline, Contains("3 connects since were refused"));
    CHECK_THAT(f.headline, Contains("1 open connection died with it"));
}

TEST_CASE("a listener that is closed without anyone refused is nothing") {
    auto t = trace();
    Session s = session(t);
    listen(t, s);
    open(t, s, 100);
    closes_first(t, s.server, 900);
    closes_second(t, s.client, 900);
    t.as(s.listener).at(1000).process_exit(task(50, "server"), 0).state(TcpState::listen, TcpState::close).destroy();
    const auto findings = find_all(t.story());
    INFO(all_text(findings));
    CHECK(findings.empty());
}

TEST_CASE("a recording that breaks off in the middle of trouble says so, and a quiet one does not") {
    auto t = trace();
    Session s = client_alone(t);
    t.info().cut_off = true;
    t.as(s.client).at(0).connect_enter().syn_sent().syn_out().timer_armed(1000).at(1000).syn_retransmit();
    CHECK(only(t.story()).rule == "evidence-gap");

    auto quiet = trace();
    Session open_one = client_alone(quiet);
    quiet.info().cut_off = true;
    client_opens(quiet, open_one, 0);
    CHECK(find_all(quiet.story()).empty());
}

TEST_CASE("every rule explains itself") {
    for (const Rule& rule : rules()) {
        INFO(rule.id);
        for (const char* text : {rule.summary, rule.meaning, rule.recognised, rule.not_this, rule.next}) {
            REQUIRE(text);
            CHECK(std::string(text).size() > 20);
        }
    }
}
