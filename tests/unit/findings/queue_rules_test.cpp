// hung-service, accept-queue-overflow, zero-window-stall, keepalive-timeout, user-timeout.
#include <catch2/catch.hpp>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "support/judged.h"
#include "support/scenes.h"

using namespace tcpwitness;
using Catch::Contains;

namespace {

/// What a look at the current end's queue found, `waited_ms` after it began.
void look(TraceBuilder& t, Queue queue, double waited_ms) {
    queue.since_ns = t.now() - static_cast<std::uint64_t>(waited_ms * 1e6);
    t.add(queue);
}

Queue accept_queue(std::uint32_t length, std::uint32_t max, std::uint32_t drops = 0, char state = 'S') {
    Queue queue;
    queue.what = Queue::What::listener;
    queue.accept_queue = length;
    queue.accept_max = max;
    queue.drops = drops;
    queue.over = length == 0 && !drops;
    queue.task = task(50, "server");
    queue.process_state = state;
    queue.threads = 2;
    queue.call = "futex";
    queue.wait = "futex_wait";
    return queue;
}

/// What the listener's namespace counted in all since the look before.
void count_overflows(TraceBuilder& t, const Session& s, std::uint32_t overflows) {
    Queue counters;
    counters.what = Queue::What::counters;
    counters.overflows = overflows;
    End none;
    none.witness = s.listener.witness;
    t.as(none).add(counters);
}

Queue unread(std::uint32_t bytes, bool closed, char state = 'S') {
    Queue queue = accept_queue(0, 0, 0, state);
    queue.what = Queue::What::receive;
    queue.over = bytes == 0;
    queue.unread = bytes;
    queue.receive_buffer = 131'072;
    queue.window_closed = closed;
    queue.accepted = true;
    return queue;
}

Queue unsent(std::uint32_t bytes) {
    Queue queue;
    queue.what = Queue::What::send;
    queue.over = bytes == 0;
    queue.unacknowledged = bytes;
    queue.window_closed = bytes != 0;
    queue.accepted = true;
    return queue;
}

/// Both ends open; nobody has accepted.
void open_unaccepted(TraceBuilder& t, const Session& s, double ms) {
    client_opens(t, s, ms);
    t.as(s.server).at(ms + .2).syn_in().syn_ack_out().at(ms + .5).state(TcpState::syn_recv, TcpState::established);
}

Timer keepalive(std::uint8_t unanswered, std::uint32_t silent_ms) {
    Timer timer;
    timer.what = Timer::What::fired;
    timer.which = Timer::Which::keepalive;
    timer.retransmits = unanswered;
    timer.timeout_ms = silent_ms;
    return timer;
}

TcpNumbers unanswered_probes(std::uint8_t count) {
    TcpNumbers tcp;
    tcp.probes_out = count;
    return tcp;
}

}  // namespace

TEST_CASE("local-drop: the queue of half-open connections is full on a host without SYN cookies") {
    const auto play = [](const char* cookies, std::uint32_t half_open) {
        auto t = trace();
        Session s = session(t, "fe", "fe");
        listen(t, s);
        End bare = t.opposite(s.client, "fe");
        bare.cookie = bare.socket_id = 0;
        for (const double at : syn_times) t.as(bare).at(200 + at).syn_in();
        Queue queue = accept_queue(0, 64, 28);
        queue.syn_queue = half_open;
        t.as(s.listener).at(4000);
        look(t, queue, 500);
        t.info().witnesses[0].sysctls = {{"net.ipv4.tcp_syncookies", cookies}, {"net.ipv4.tcp_max_syn_backlog", "16"}};
        return t.story();
    };
    const Finding f = only(play("0", 13));
    CHECK(f.rule == "local-drop");
    CHECK(f.culprit == Culprit::local_configuration);
    CHECK(f.certainty == Certainty::likely);
    CHECK_THAT(f.headline, Contains("server[50]") && Contains("half-open connections of 0.0.0.0:5061 is full (13 of 12)") && Contains("tcp_syncookies is 0: 28 packets"));
    CHECK_THAT(all_text(f), Contains("SYNs of 10.0.1.2 came again and again"));
    nothing(play("1", 13));
    nothing(play("0", 3));  // dropped for another reason: RSTs that end handshakes count as well
}

TEST_CASE("a listener that nobody accepts from is a hung service, and what its clients run into is its effect") {
    auto t = trace();
    Session s = session(t);
    listen(t, s);
    Session waiting = session(t, "edge", "fe", 40001);
    waiting.listener = s.listener;
    open_unaccepted(t, waiting, 100);
    t.as(s.listener).at(1000);
    look(t, accept_queue(1, 2), 500);
    t.at(7000);
    look(t, accept_queue(3, 2, 4, 'T'), 6500);
    // its request is never answered
    t.as(waiting.client).at(7500).rto(1).at(7900).error(ETIMEDOUT).wiped_close(TcpState::established).destroy();
    // this one's SYN was dropped
    Session refused = session(t, "edge", "fe", 40002);
    client_times_out(t, refused, 1500);
    End arrived = refused.server;
    for (const double at : syn_times) t.as(arrived).at(1500.1 + at).syn_in();
    t.at(9000);
    const Story story = t.story();
    const Finding f = only(story);
    INFO(all_text(f));
    CHECK(f.rule == "hung-service");
    CHECK(f.culprit == Culprit::local_application);
    CHECK(f.certainty == Certainty::likely);
    CHECK_THAT(f.headline, Contains("server[50] on fe has not called accept() on 0.0.0.0:5061 for 8."));
    CHECK_THAT(f.headline, Contains("and still does not: 3 connections wait for it, 4 packets were dropped; it is stopped (T)"));
    CHECK_THAT(all_text(f), Contains("its effect (accept-queue-overflow)"));
    CHECK_THAT(all_text(f), Contains("its effect (retransmission-timeout)"));
    CHECK_THAT(all_text(f), Contains("its effect (connect-timeout)"));
    CHECK_THAT(all_text(f), Contains("server[50], 2 threads, is stopped (T) in futex, at futex_wait"));
    CHECK_THAT(all_text(f), Contains("1 client got no answer to any SYN"));
    CHECK_THAT(f.settle, Contains("/proc/50/stack"));
}

TEST_CASE("accept() that comes late, but comes, hangs nothing") {
    auto t = trace();
    Session s = session(t);
    listen(t, s);
    for (int i = 0; i < 4; ++i) {
        Session one = session(t, "edge", "fe", 40001 + i);
        one.listener = s.listener;
        open_unaccepted(t, one, 100 + i);
        t.as(one.server).at(3000.0 + i * 3000).accept(s.listener);
    }
    t.as(s.listener).at(2000);
    look(t, accept_queue(4, 64), 1500);
    t.at(8000);
    look(t, accept_queue(2, 64), 7500);
    t.at(12'500);
    look(t, accept_queue(0, 64), 12'000);
    t.at(20'000);
    nothing(t.story());
}

TEST_CASE("without the call probe nobody can say that accept() was not called") {
    auto t = trace();
    Session s = session(t);
    listen(t, s);
    t.info().probes.push_back({"call_exit", "tracepoint/syscalls/sys_exit", "unavailable: no tracefs", 0, 0});
    t.as(s.listener).at(9000);
    look(t, accept_queue(1, 64), 8000);
    nothing(t.story());
}

TEST_CASE("a stopped process that leaves data unread is a hung service without anybody at its listener") {
    auto t = trace();
    Session s = session(t);
    listen(t, s);
    open(t, s, 100);
    t.as(s.server).at(1000);
    look(t, unread(120, false, 'T'), 800);
    t.at(7000);
    look(t, unread(65'000, true, 'T'), 6800);
    t.at(8000);
    look(t, unread(0, false), 7800);
    const Finding f = only(t.story());
    INFO(all_text(f));
    CHECK(f.rule == "hung-service");
    CHECK_THAT(f.headline, Contains("server[50] on fe has not read what 10.0.1.2:40000 sent for 7.8 s; it is stopped (T)"));
    CHECK_THAT(all_text(f), Contains("its effect (zero-window-stall)"));
    CHECK_THAT(all_text(f), Contains("unread on 1 connection"));
}

TEST_CASE("a full accept queue that drops is an overflow, with its limit and what the process did") {
    auto t = trace();
    Session s = session(t);
    t.info().witnesses[s.listener.witness].sysctls["net.core.somaxconn"] = "2";
    Call asked;
    asked.op = Call::Op::listen;
    asked.phase = Call::Phase::exit;
    asked.task = task(50, "server");
    asked.argument = 1024;
    t.as(s.listener).at(0).state(TcpState::close, TcpState::listen).add(asked);
    t.at(1000);
    look(t, accept_queue(3, 2, 5), 0);
    t.at(3000);
    look(t, accept_queue(3, 2, 2), 2000);
    t.at(4000);
    look(t, accept_queue(0, 2), 3000);
    const Finding by_queue = only(t.story());
    CHECK(by_queue.certainty == Certainty::likely);  // the listener may have dropped them for another reason
    CHECK_THAT(by_queue.settle, Contains("TcpExtListenOverflows"));
    t.at(3000);
    count_overflows(t, s, 7);
    const Finding f = only(t.story());
    INFO(all_text(f));
    CHECK(f.rule == "accept-queue-overflow");
    CHECK(f.culprit == Culprit::local_application);
    CHECK(f.certainty == Certainty::proven);
    CHECK(f.settle.empty());
    CHECK_THAT(f.headline, Contains("server[50] on fe does not call accept() fast enough on 0.0.0.0:5061"));
    CHECK_THAT(f.headline, Contains("7 packets of handshakes were dropped within 2.0 s"));
    CHECK_THAT(all_text(f), Contains("listen() asked for 1024, net.core.somaxconn allows 2"));
    CHECK_THAT(all_text(f), Contains("sleeps (S) in futex"));
    CHECK(f.evidence.size() == 3);
}

TEST_CASE("a client whose handshake an overflow delayed is part of it") {
    auto t = trace();
    Session s = session(t);
    listen(t, s);
    t.as(s.client).at(1000).connect_enter().syn_sent().syn_out();
    t.at(2000).syn_retransmit().syn_out().at(4000).syn_retransmit().syn_out();
    t.as(s.server).at(1000.1).syn_in().at(2000.1).syn_in().at(4000.1).syn_in().syn_ack_out().state(TcpState::syn_recv, TcpState::established).accept(s.listener);
    t.as(s.client).at(4000.2).syn_ack_in().state(TcpState::syn_sent, TcpState::established).connect_exit();
    t.as(s.listener).at(2500);
    look(t, accept_queue(3, 2, 5), 0);
    t.at(3500);
    look(t, accept_queue(0, 2), 1000);
    const Finding f = only(t.story());
    INFO(all_text(f));
    CHECK(f.rule == "accept-queue-overflow");
    CHECK_THAT(all_text(f), Contains("1 client lost a second or more in the handshake"));
    CHECK_THAT(all_text(f), Contains("its effect (handshake-slow)"));
}

TEST_CASE("a short overflow is proven by the namespace's counter; drops for another reason are none") {
    for (const bool counted : {true, false}) {
        auto t = trace();
        Session s = session(t);
        listen(t, s);
        t.as(s.listener).at(1000);
        look(t, accept_queue(0, 2, 5), 0);
        if (counted) count_overflows(t, s, 5);
        const Story story = t.story();
        if (counted)
            CHECK(only(story).rule == "accept-queue-overflow");
        else
            nothing(story);
    }
}

TEST_CASE("a reader that stopped reading is proven where it is ours, and named") {
    auto t = trace();
    Session s = session(t);
    listen(t, s);
    open(t, s, 100);
    t.as(s.client).at(2000);
    look(t, unsent(600'000), 1000);
    t.as(s.server).at(2000);
    look(t, unread(127'104, true), 1000);
    t.as(s.client).at(2500);
    Timer probe;
    probe.what = Timer::What::fired;
    probe.which = Timer::Which::zero_window_probe;
    t.add(probe);
    t.as(s.server).at(5000);
    look(t, unread(0, false), 4000);
    t.as(s.client).at(5000);
    look(t, unsent(0), 4000);
    const Finding f = only(t.story());
    INFO(all_text(f));
    CHECK(f.rule == "zero-window-stall");
    CHECK(f.culprit == Culprit::local_application);
    CHECK(f.certainty == Certainty::proven);
    CHECK_THAT(f.headline, Contains("server[50] on fe did not read what 10.0.1.2:40000 sent for 4.0 s: 127104 bytes stayed unread, and the window closed"));
    CHECK_THAT(all_text(f), Contains("dialer[100] on edge could not send 600000 bytes meanwhile; its kernel asked 1 time whether"));
}

TEST_CASE("from the sender alone the peer's application is likely") {
    auto t = trace();
    Session s = session(t);
    auto alone = trace();
    alone.witness("edge");
    client_opens(alone, s, 100);
    alone.as(s.client).at(4000);
    look(alone, unsent(600'000), 3000);
    const Finding f = only(alone.story());
    CHECK(f.rule == "zero-window-stall");
    CHECK(f.culprit == Culprit::peer_application);
    CHECK(f.certainty == Certainty::likely);
    CHECK_THAT(f.settle, Contains("record on 10.0.2.2"));
}

TEST_CASE("short pauses, unread data with the window open, and a full send buffer stall nothing") {
    auto t = trace();
    Session s = session(t);
    listen(t, s);
    open(t, s, 100);
    t.as(s.server).at(2500);
    look(t, unread(127'104, true), 1000);
    t.at(2900);
    look(t, unread(0, false), 1400);
    t.at(9000);
    look(t, unread(100, false), 5500);
    t.as(s.client).at(9000);
    Queue full = unsent(500'000);
    full.window_closed = false;
    full.send_buffer_full = true;
    look(t, full, 5000);
    t.at(9500);
    look(t, unsent(0), 5500);
    t.as(s.server).at(9500);
    look(t, unread(0, false), 6000);
    nothing(t.story());
}

TEST_CASE("keepalive gives up: named with probes, idle time and what the application set") {
    for (const bool told : {true, false}) {  // kernels from 6.10 on give the reason
        auto t = trace();
        Session s = session(t);
        auto alone = trace();
        alone.witness("edge");
        client_opens(alone, s, 100);
        alone.add(SocketOption{{100, 100, 0, {}}, 5, SOL_SOCKET, SO_KEEPALIVE, 1, 0, 0});
        alone.add(SocketOption{{100, 100, 0, {}}, 5, IPPROTO_TCP, TCP_KEEPIDLE, 10, 0, 0});
        alone.at(10'100).add(keepalive(0, 10'000)).at(11'100).add(keepalive(1, 11'000)).at(12'100).add(keepalive(2, 12'000)).at(13'100).add(keepalive(3, 13'000));
        alone.reset_sent(told ? "TCP_KEEPALIVE_TIMEOUT" : "").rst_out().error(ETIMEDOUT, unanswered_probes(3)).wiped_close(TcpState::established).destroy();
        const Finding f = only(alone.story());
        INFO(all_text(f));
        CHECK(f.rule == "keepalive-timeout");
        CHECK(f.culprit == Culprit::path);
        CHECK(f.certainty == Certainty::possible);
        CHECK_THAT(f.headline, Contains("dialer[100]: the connection with 10.0.2.2:5061 was given up by keepalive: 3 probes stayed unanswered, nothing had come for 13.0 s"));
        CHECK_THAT(all_text(f), Contains("the application set SO_KEEPALIVE 1, TCP_KEEPIDLE 10"));
        CHECK_THAT(f.settle, Contains("record on 10.0.2.2"));
    }
}

TEST_CASE("with the other end at hand, open and untroubled, the path is likely") {
    auto t = trace();
    Session s = session(t);
    listen(t, s);
    open(t, s, 100);
    t.as(s.client).at(13'100).add(keepalive(3, 13'000));
    t.reset_sent("TCP_KEEPALIVE_TIMEOUT").rst_out().error(ETIMEDOUT, unanswered_probes(3)).wiped_close(TcpState::established).destroy();
    const Finding f = only(t.story());
    CHECK(f.rule == "keepalive-timeout");
    CHECK(f.certainty == Certainty::likely);
    CHECK_THAT(all_text(f), Contains("its end stayed open"));
}

TEST_CASE("keepalive that is answered, or a connection that dies of something else, is no keepalive timeout") {
    auto t = trace();
    Session s = session(t);
    auto alone = trace();
    alone.witness("edge");
    client_opens(alone, s, 100);
    for (int i = 1; i < 5; ++i) alone.at(10'000.0 * i).add(keepalive(0, 10'000));
    closes_first(alone, s.client, 60'000);
    nothing(alone.story());

    auto dies = trace();
    dies.witness("edge");
    client_opens(dies, s, 100);
    dies.at(5000).add(keepalive(1, 3000)).at(6000).rto(1).at(7000).rto(2).at(9000).error(ETIMEDOUT).wiped_close(TcpState::established).destroy();
    CHECK(only(dies.story()).rule == "retransmission-timeout");
}

TEST_CASE("TCP_USER_TIMEOUT gives up: with its value, over retransmits and over keepalive") {
    auto t = trace();
    Session s = session(t);
    for (const bool by_keepalive : {false, true}) {
        auto alone = trace();
        alone.witness("edge");
        client_opens(alone, s, 100);
        alone.add(SocketOption{{100, 100, 0, {}}, 5, IPPROTO_TCP, TCP_USER_TIMEOUT, 3000, 0, 0});
        TcpNumbers tcp = unanswered_probes(by_keepalive);
        if (!by_keepalive) {
            tcp.write_seq = 5;
            alone.at(1000).rto(1).at(1400).rto(2).at(2200).rto(3);
        } else {
            alone.at(2000).add(keepalive(0, 2000)).at(3100).add(keepalive(1, 3000)).reset_sent("TCP_KEEPALIVE_TIMEOUT");
        }
        alone.at(3200).add(SocketError{tcp, ETIMEDOUT, 3000}).wiped_close(TcpState::established).destroy();
        const Finding f = only(alone.story());
        INFO(all_text(f));
        CHECK(f.rule == "user-timeout");
        CHECK(f.culprit == Culprit::path);
        CHECK(f.certainty == Certainty::possible);
        CHECK_THAT(f.headline, Contains("was given up by its TCP_USER_TIMEOUT of 3.0 s: "));
        CHECK_THAT(f.headline, Contains(by_keepalive ? "keepalive probes stayed unanswered" : "5 bytes stayed unacknowledged after 3 retransmits"));
        CHECK_THAT(all_text(f), Contains("the application set TCP_USER_TIMEOUT 3000 (ms)"));
    }
}
