#include <catch2/catch.hpp>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <set>

#include "model/describe.h"

using namespace tcpwitness;

namespace {

Event event(EventBody body, TcpState state = TcpState::established) {
    Event made;
    made.state = state;
    made.flow = {{*Address::parse("10.0.1.2"), 40112}, {*Address::parse("10.0.2.2"), 5061}};
    made.body = std::move(body);
    return made;
}

std::string said(EventBody body, TcpState state = TcpState::established) { return sentence(event(std::move(body), state)); }

Call call(Call::Op op, std::int32_t fd, std::int32_t argument = 0) {
    Call made;
    made.op = op;
    made.fd = fd;
    made.argument = argument;
    return made;
}

Call exit_of(Call enter, std::int32_t ret, std::uint64_t took_ns = 0) {
    enter.phase = Call::Phase::exit;
    enter.ret = ret;
    enter.took_ns = took_ns;
    return enter;
}

TcpNumbers numbers() {
    TcpNumbers tcp;
    tcp.snd_una = 1000;
    tcp.write_seq = 1000;
    tcp.rcv_nxt = 620;
    tcp.copied_seq = 500;
    tcp.recv_idle_ms = 20'100;
    tcp.send_idle_ms = 30'000;
    tcp.srtt_us = 24'000;
    tcp.rto_us = 1'000'000;
    tcp.retransmits = 2;
    tcp.backoff = 1;
    tcp.snd_cwnd = 10;
    return tcp;
}

std::string value(const Event& of, const std::string& field) {
    for (const Field& each : fields(of)) {
        if (each.name != field) continue;
        if (const auto* text = std::get_if<std::string>(&each.value)) return *text;
        if (const auto* number = std::get_if<std::uint64_t>(&each.value)) return std::to_string(*number);
        if (const auto* number = std::get_if<std::int64_t>(&each.value)) return std::to_string(*number);
        return std::get<bool>(each.value) ? "true" : "false";
    }
    return "(none)";
}

}  // namespace

TEST_CASE("Calls") {
    const Call connect = call(Call::Op::connect, 5);
    CHECK(said(connect) == "connect(fd 5) to 10.0.2.2:5061");
    CHECK(said(exit_of(connect, -ETIMEDOUT, 7'168'000'000)) == "connect(fd 5) = ETIMEDOUT (Connection timed out) after 7.2 s");
    CHECK(said(exit_of(connect, 0, 350'000)) == "connect(fd 5) = 0 after 350 us");
    Call nonblocking = connect;
    nonblocking.nonblocking = true;
    CHECK(said(nonblocking) == "connect(fd 5) to 10.0.2.2:5061, non-blocking");
    Call unfinished = connect;
    unfinished.unfinished = true;
    CHECK(said(unfinished) == "connect(fd 5) to 10.0.2.2:5061, still inside the call when the recording ended");

    CHECK(said(call(Call::Op::socket, -1)) == "socket()");
    CHECK(said(exit_of(call(Call::Op::socket, 5), 5)) == "socket() = fd 5");
    CHECK(said(call(Call::Op::bind, 3)) == "bind(fd 3) to 10.0.1.2:40112");
    CHECK(said(exit_of(call(Call::Op::listen, 3, 128), 0)) == "listen(fd 3, backlog 128) = 0");
    CHECK(said(call(Call::Op::accept, 3)) == "accept(fd 3)");
    CHECK(said(exit_of(call(Call::Op::accept, 7), 7, 2'000'000'000)) == "accept() = fd 7 from 10.0.2.2:5061 after 2.0 s");
    CHECK(said(exit_of(call(Call::Op::shutdown, 5, 1), 0)) == "shutdown(fd 5, SHUT_WR) = 0");
    CHECK(said(exit_of(call(Call::Op::accept, 3), -512)) == "accept(fd 3) = interrupted by a signal");
}

TEST_CASE("States, timers and the end of a socket") {
    CHECK(said(StateChange{TcpState::syn_sent, TcpState::close, 0, 0, 0}) == "state SYN_SENT -> CLOSE");
    CHECK(said(StateChange{TcpState::close, TcpState::listen, 1, 1, 128}) == "state CLOSE -> LISTEN, accept queue holds 128");
    Timer timer;
    timer.what = Timer::What::armed;
    timer.which = Timer::Which::rto;
    timer.timeout_ms = 1000;
    timer.rto_us = 1'000'000;
    timer.retransmits = 1;
    CHECK(said(timer) == "RTO timer armed, fires in 1000 ms");
    timer.what = Timer::What::fired;
    CHECK(said(timer) == "RTO timer fired, round 2, rto 1000 ms");
    CHECK(noteworthy(event(timer)));
    timer.which = Timer::Which::none;
    CHECK(said(timer) == "retransmit timer fired, nothing was pending");
    CHECK_FALSE(noteworthy(event(timer)));
    CHECK(said(Destroy{1204, 88, 9, 8, 2, 0}) == "socket destroyed: 1204 bytes acked, 88 received, 2 retransmits");
    CHECK(said(Destroy{}) == "socket destroyed: 0 bytes acked, 0 received");
}

TEST_CASE("Retransmits") {
    CHECK(said(Retransmit{Retransmit::What::syn, numbers(), 3269462193, 3269462194, 0}) == "retransmit 2 of SYN seq 3269462193, rto 1000 ms, backoff 1");
    CHECK(said(Retransmit{Retransmit::What::rto, numbers(), 5, 1453, 0}) == "retransmit 2 after RTO: 1448 bytes, seq 5, rto 1000 ms, backoff 1");
    CHECK(said(Retransmit{Retransmit::What::rto, numbers(), 999, 1000, 0}, TcpState::fin_wait1) == "retransmit 2 after RTO: FIN, seq 999, rto 1000 ms, backoff 1");
    CHECK(said(Retransmit{Retransmit::What::rto, numbers(), 989, 1000, 0}, TcpState::last_ack) == "retransmit 2 after RTO: 10 bytes and FIN, seq 989, rto 1000 ms, backoff 1");
    CHECK(said(Retransmit{Retransmit::What::rto, numbers(), 989, 990, 0}, TcpState::last_ack) == "retransmit 2 after RTO: 1 byte, seq 989, rto 1000 ms, backoff 1");
    CHECK(value(event(Retransmit{Retransmit::What::syn, numbers(), 999, 1000, 0}, TcpState::syn_sent), "length_bytes") == "0");
    CHECK(value(event(Retransmit{Retransmit::What::rto, numbers(), 989, 1000, 0}, TcpState::last_ack), "length_bytes") == "10");
    CHECK(said(Retransmit{Retransmit::What::fast, numbers(), 5, 1453, 0}) == "fast retransmit of 1448 bytes, seq 5, srtt 24 ms, cwnd 10");
    CHECK(said(Retransmit{Retransmit::What::loss_probe, numbers(), 4294967295, 0, 0}) == "tail loss probe: 1 byte, seq 4294967295, srtt 24 ms, cwnd 10");
    CHECK(said(Retransmit{Retransmit::What::fast, numbers(), 5, 6, -ENOBUFS}) ==
          "fast retransmit of 1 byte, seq 5, srtt 24 ms, cwnd 10, not sent: ENOBUFS (No buffer space available)");
    CHECK(said(SynAckRetransmit{77, 88, 2000, 1, 1}) == "SYN-ACK retransmit 1, isn 77, answers SYN seq 88, timeout 2000 ms");
}

TEST_CASE("Errors and resets") {
    CHECK(said(SocketError{numbers(), ETIMEDOUT}) == "socket error ETIMEDOUT (Connection timed out) reported");
    CHECK(said(ResetReceived{numbers()}) == "RST received in ESTABLISHED, 120 bytes unread, 0 unacknowledged, idle 20.1 s");
    CHECK(said(ResetReceived{numbers()}, TcpState::syn_sent) == "RST received in SYN_SENT");

    ResetSent sent;
    sent.tcp = numbers();
    CHECK(said(sent) == "RST sent, this kernel does not say why");
    sent.reason = "TCP_ABORT_ON_CLOSE";
    CHECK(said(sent) == "RST sent: TCP_ABORT_ON_CLOSE (closed with 120 unread bytes)");
    sent.inferred = true;
    CHECK(said(sent) == "RST sent: inferred TCP_ABORT_ON_CLOSE (closed with 120 unread bytes)");
    sent.inferred = false;
    ResetSent rejected;
    rejected.firewall_hook = 2;
    rejected.answers_segment = true;
    rejected.segment_flags = 0x02;
    rejected.seq = 7;
    CHECK(said(rejected) == "RST sent by the packet filter (reject at forward), answers SYN seq 7");
    rejected.firewall_hook = 200;
    CHECK(said(rejected) == "RST sent by the packet filter (reject at an unknown hook), answers SYN seq 7");
    sent.task = {812, 815, 0, "nginx"};
    sent.reason = "TCP_ABORT_ON_LINGER";
    CHECK(said(sent) == "RST sent: TCP_ABORT_ON_LINGER (closed with SO_LINGER 0), by nginx[812/815]");
    sent.task = {};
    sent.reason = "NO_SOCKET";
    sent.answers_segment = true;
    sent.segment_flags = tcp_flag::syn;
    sent.seq = 7;
    CHECK(said(sent) == "RST sent: NO_SOCKET (nothing listens on port 40112), answers SYN seq 7");
    sent.reason = "A_REASON_OF_TOMORROW";
    CHECK(said(sent) == "RST sent: A_REASON_OF_TOMORROW, answers SYN seq 7");
}

TEST_CASE("Unread and unacknowledged do not count SYN and FIN, and never run backwards") {
    TcpNumbers tcp = numbers();
    tcp.rcv_nxt = 501;
    tcp.write_seq = 1001;
    CHECK(value(event(ResetReceived{tcp}, TcpState::close_wait), "unread_bytes") == "0");
    CHECK(value(event(ResetReceived{tcp}, TcpState::fin_wait1), "unacknowledged_bytes") == "0");
    CHECK(value(event(ResetReceived{tcp}), "unacknowledged_bytes") == "1");
    tcp.state = TcpState::fin_wait1;  // the state before CLOSE goes first
    CHECK(value(event(ResetReceived{tcp}, TcpState::close), "unacknowledged_bytes") == "0");
    tcp.state = TcpState::none;
    tcp.rcv_nxt = 0;
    tcp.copied_seq = 1;
    CHECK(value(event(ResetReceived{tcp}), "unread_bytes") == "0");
}

TEST_CASE("Processes, packets, snapshots and gaps") {
    CHECK(said(ProcessExit{{812, 812, 0, "nginx"}, 9}) == "process nginx[812] exited: SIGKILL");
    CHECK(said(ProcessExit{{812, 812, 0, "nginx"}, 3 << 8}) == "process nginx[812] exited: status 3");
    CHECK_FALSE(noteworthy(event(ProcessExit{{812, 812, 0, "nginx"}, 0})));

    Segment segment;
    segment.outgoing = true;
    segment.flags = tcp_flag::syn;
    segment.seq = 9;
    segment.window = 64240;
    segment.mss = 1460;
    segment.ttl = 64;
    segment.ip_id = 17;
    CHECK(said(segment) == "SYN out seq 9 win 64240 mss 1460 ttl 64 id 17");
    Segment reset;
    reset.flags = tcp_flag::rst | tcp_flag::ack;
    reset.ack = 3;
    reset.ttl = 64;
    CHECK(said(reset) == "RST-ACK in seq 0 ack 3 win 0 ttl 64 id 0");
    Event ipv6 = event(reset);
    ipv6.flow.local.address = *Address::parse("2001:db8::1");
    CHECK(sentence(ipv6) == "RST-ACK in seq 0 ack 3 win 0 hlim 64");
    CHECK(value(ipv6, "hop_limit") == "64");
    CHECK(value(ipv6, "ip_id") == "(none)");

    CHECK(said(Snapshot{{}, {812, 812, 0, "nginx"}, 7, 0, 0}) ==
          "found when the recording began: ESTABLISHED, fd 7 of nginx[812], 0 bytes unread, 0 unacknowledged");
    CHECK(said(Snapshot{{}, {812, 812, 0, "nginx"}, 3, 1, 128}, TcpState::listen) ==
          "found when the recording began: LISTEN, fd 3 of nginx[812], accept queue 1 of 128");
    CHECK(said(Snapshot{}, TcpState::fin_wait2) == "found when the recording began: FIN_WAIT2, open in no process, 0 bytes unread, 0 unacknowledged");
    CHECK(said(Repeats{Repeats::What::packet_in, 12, 0, 1'000'000'000, 24, {}}) ==
          "12 SYNs and RSTs in about port 40112 about the peer's port 5061 of 10.0.2.2/24 within 1.0 s: counted, not recorded");
    CHECK(said(Repeats{Repeats::What::handshake_in, 12, 0, 1'000'000'000, 24, {}}) ==
          "12 SYNs in that no connection came of about port 40112 about the peer's port 5061 of 10.0.2.2/24 within 1.0 s: counted, not recorded");
    CHECK(said(Repeats{Repeats::What::handshake_out, 1, 0, 1'000'000'000, 24, {}}) ==
          "1 SYN-ACK out that no connection came of about port 40112 about the peer's port 5061 of 10.0.2.2/24 within 1.0 s: counted, not recorded");
    Event forwarded;
    forwarded.body = Repeats{Repeats::What::handshake_out, 2, 0, 1'000'000'000, 24, {}};
    forwarded.flow.peer = {*Address::parse("10.0.2.0"), 5061};
    CHECK(sentence(forwarded) == "2 SYNs out that no connection came of about the peer's port 5061 of 10.0.2.0/24 within 1.0 s: counted, not recorded");
    forwarded.body = Repeats{Repeats::What::handshake_in, 1, 0, 1'000'000'000, 24, {}};
    CHECK(sentence(forwarded) == "1 SYN-ACK in that no connection came of about the peer's port 5061 of 10.0.2.0/24 within 1.0 s: counted, not recorded");
    CHECK(said(Repeats{Repeats::What::synack_retransmit, 2, 0, 1'000'000'000, 24, {}}) ==
          "2 SYN-ACKs sent again about port 40112 about the peer's port 5061 of 10.0.2.2/24 within 1.0 s: counted, not recorded");
    CHECK(said(Repeats{Repeats::What::drop, 7, 0, 1'000'000'000, 24, "NETFILTER_DROP"}) ==
          "7 packets without a socket dropped about port 40112 about the peer's port 5061 of 10.0.2.2/24 within 1.0 s: counted, not recorded, reason "
          "NETFILTER_DROP");
    CHECK(said(Gap{1'000'000, 4'000'000, 12, "state"}) == "12 records lost by probe state within 3.0 ms");
}

TEST_CASE("Facts of the configuration") {
    using What = Environment::What;
    const auto fact = [](What what, std::string before, std::string after) {
        return Environment{what, false, "route", "main default", std::move(before), std::move(after)};
    };
    CHECK(said(fact(What::found, "", "via 10.0.1.1")) == "route main default: via 10.0.1.1");
    CHECK(said(fact(What::appeared, "", "via 10.0.1.1")) == "route main default appeared: via 10.0.1.1");
    CHECK(said(fact(What::changed, "via 10.0.1.1", "blackhole")) == "route main default changed from via 10.0.1.1 to blackhole");
    CHECK(said(fact(What::gone, "via 10.0.1.1", "")) == "route main default is gone, was: via 10.0.1.1");
    CHECK(said(fact(What::counted, "3", "17")) == "route main default counted from 3 to 17");
    CHECK(said(fact(What::unreadable, "", "EPERM")) == "route main default could not be looked at: EPERM");
    CHECK_FALSE(noteworthy(event(fact(What::found, "", "x"))));
    CHECK_FALSE(noteworthy(event(fact(What::counted, "1", "2"))));
    CHECK(noteworthy(event(fact(What::gone, "x", ""))));
    CHECK(value(event(fact(What::changed, "a", "b")), "before") == "a");
    CHECK(value(event(fact(What::changed, "a", "b")), "scope") == "namespace");
    CHECK(name(layer(event(fact(What::changed, "a", "b")))) == std::string("host"));
}

TEST_CASE("What is not a failure is not marked") {
    const Call connect = call(Call::Op::connect, 5), accept = call(Call::Op::accept, 3);
    CHECK_FALSE(noteworthy(event(connect)));
    CHECK_FALSE(noteworthy(event(exit_of(connect, -EINPROGRESS))));
    CHECK_FALSE(noteworthy(event(exit_of(accept, -EAGAIN))));
    CHECK(noteworthy(event(exit_of(connect, -ECONNREFUSED))));
}

TEST_CASE("Names from outside are made safe to print, and kept for machines") {
    const Task hostile{812, 812, 0, "\x1b[2Jx"};
    CHECK(task_text(hostile) == "?[2Jx[812]");
    CHECK(task_text({}) == "");
    CHECK(value(event(ProcessExit{hostile, 9}), "process.command") == "\x1b[2Jx");
    ResetSent sent;
    sent.reason = "\x1b]0;\x07";
    CHECK(said(sent) == "RST sent: ?]0;?");
    CHECK(said(Gap{5, 1, 1, "\x1b"}) == "1 record lost by probe ? within 0 ns");
}

TEST_CASE("Numbers that no kernel sends do not break the description") {
    CHECK(said(Retransmit{static_cast<Retransmit::What>(99), numbers(), 1, 2, 0}) == "retransmit 2: 1 byte, seq 1");
    Timer timer;
    timer.which = static_cast<Timer::Which>(77);
    CHECK(value(event(timer), "timer") == "?");
    CHECK(said(SocketError{{}, 99'999}) == "socket error errno 99999 reported");
    CHECK(said(exit_of(call(static_cast<Call::Op>(9), 1), INT32_MIN)).starts_with("?(fd 1) = "));
    TcpNumbers tcp;
    tcp.ca_state = tcp.pending = 200;
    CHECK(value(event(ResetReceived{tcp}), "congestion_state") == "?");
}

TEST_CASE("No kind uses a field name twice, or one that outputs use for every event") {
    const std::set<std::string> taken = {"type", "id", "time", "witness", "connection", "kind", "layer", "noteworthy", "sentence", "state", "cpu", "socket_cookie", "interface"};
    Segment segment;
    segment.has_mac = segment.has_timestamps = true;
    segment.mss = 1;
    segment.frame = segment.packet_id = 1;
    ResetSent sent;
    sent.has_socket = sent.answers_segment = true;
    sent.reason = "X";
    sent.task = {1, 1, 1, "x"};
    Queue queue;
    queue.what = Queue::What::send;
    queue.task = sent.task;
    queue.process_state = 'S';
    queue.call = queue.wait = "x";
    Drop drop;
    drop.caller = "ip_local_out";
    drop.device = "x";
    drop.ttl = 64;
    Icmp icmp;
    icmp.type = 3;
    icmp.code = 4;
    icmp.quoted_bytes = 1500;
    const EventBody bodies[] = {exit_of(call(Call::Op::listen, 1, 1), -1), StateChange{TcpState::close, TcpState::listen, 1, 1, 1}, Timer{},
                                Retransmit{{}, {}, 0, 0, -1}, SynAckRetransmit{}, SocketError{}, ResetReceived{}, sent, Destroy{},
                                ProcessExit{{1, 1, 1, "x"}, 9}, segment, Snapshot{{}, {1, 1, 1, "x"}, 1, 0, 0}, Gap{}, queue,
                                SocketOption{{1, 1, 0, {}}, 1, SOL_SOCKET, SO_LINGER, 1, 1, -1}, Sample{},
                                Environment{{}, false, "x", "x", "x", "x"}, drop, icmp,
                                Route{Route::What::no_route, {1, 1, 1, "x"}, ENETUNREACH, 254, true},
                                Neighbour{Neighbour::What::changed, 0, {}, {}, "eth0"},
                                Repeats{Repeats::What::reset_sent, 1, 1, 2, 24, "NO_SOCKET"},
                                Message{true, "SIP", "SIP/2.0 504 x", "x", "x", "x", "x", 1, ""}};
    STATIC_REQUIRE(std::size(bodies) == std::variant_size_v<EventBody>);
    for (const EventBody& body : bodies) {
        std::set<std::string> own = taken;
        for (const Field& field : fields(event(body))) {
            INFO(field.name);
            CHECK(own.insert(field.name).second);
        }
    }
}

TEST_CASE("Queues") {
    Event made = event(Queue{}, TcpState::listen);
    made.time_ns = 10'000'000'000;
    Queue queue;
    queue.what = Queue::What::listener;
    queue.since_ns = 4'000'000'000;
    queue.accept_queue = 3;
    queue.accept_max = 2;
    queue.syn_queue = 1;
    queue.drops = 5;
    const auto told = [&] {
        made.body = queue;
        return sentence(made);
    };
    CHECK(told() == "accept queue 3 of 2, full, 1 half-open, 5 packets dropped, for 6.0 s");
    CHECK(noteworthy(made));
    queue.accept_queue = queue.syn_queue = queue.drops = 0;
    queue.over = true;
    CHECK(told() == "accept queue 0 of 2, over after 6.0 s");
    queue.over = false;
    queue.drops = 3;
    CHECK_THAT(told(), Catch::StartsWith("3 packets dropped by the listener since the last look, the counter does not tell why; accept queue 0 of 2 now"));
    queue.drops = 0;
    CHECK_FALSE(noteworthy(made));
    queue.accept_queue = 1;
    queue.over = false;
    CHECK(told() == "accept queue 1 of 2, for 6.0 s");
    CHECK_FALSE(noteworthy(made));

    queue.what = Queue::What::receive;
    queue.unread = 120;
    queue.window_closed = true;
    queue.task = {7, 8, 0, "sipd"};
    queue.process_state = 'T';
    queue.threads = 3;
    CHECK(told() == "120 bytes unread, window closed, not accepted by any process, for 6.0 s; sipd[7/8], 3 threads, is stopped (T)");
    queue.accepted = true;
    queue.process_state = 'S';
    queue.threads = 1;
    queue.call = "futex";
    queue.wait = "futex_wait\x1b";
    CHECK(told() == "120 bytes unread, window closed, for 6.0 s; sipd[7/8] sleeps (S) in futex, at futex_wait?");
    CHECK(noteworthy(made));
    CHECK(value(made, "process_call") == "futex");
    CHECK(value(made, "lasted_ns") == "6000000000");

    queue = {};
    queue.since_ns = made.time_ns;
    queue.what = Queue::What::send;
    queue.unacknowledged = 1;
    queue.window_closed = queue.send_buffer_full = true;
    queue.probes_out = 2;
    CHECK(told() == "1 byte unacknowledged, the peer's window is closed, 2 probes unanswered, send buffer full");
    queue = {};
    queue.what = Queue::What::counters;
    queue.overflows = 1;
    queue.syn_cookies = 2;
    CHECK(told() == "1 accept queue overflow, 2 SYN cookies sent in this namespace");
}

TEST_CASE("Socket options") {
    SocketOption option{{7, 7, 0, {}}, 5, IPPROTO_TCP, TCP_USER_TIMEOUT, 30'000, 0, 0};
    CHECK(said(option) == "setsockopt(fd 5, TCP_USER_TIMEOUT, 30000) = 0");
    CHECK_FALSE(noteworthy(event(option)));
    option.ret = -EINVAL;
    CHECK(said(option) == "setsockopt(fd 5, TCP_USER_TIMEOUT, 30000) = EINVAL (Invalid argument)");
    CHECK(noteworthy(event(option)));
    CHECK(said(SocketOption{{}, 5, SOL_SOCKET, SO_LINGER, 1, 3, 0}) == "setsockopt(fd 5, SO_LINGER, on, 3 s) = 0");
    CHECK(said(SocketOption{{}, 5, SOL_SOCKET, SO_LINGER, 0, 3, 0}) == "setsockopt(fd 5, SO_LINGER, off) = 0");
    CHECK(said(SocketOption{{}, 5, IPPROTO_TCP, 999, 1, 0, 0}) == "setsockopt(fd 5, option 999, 1) = 0");
}

TEST_CASE("Samples and totals") {
    Sample sample;
    sample.tcp = numbers();
    sample.totals = {1204, 88, 12, 11, 2, 0, 1500, 10, 9000, 8000, 0};
    CHECK(said(sample) == "sample: srtt 24.0 ms, rttvar 1.5 ms, cwnd 10, 1204 bytes acked, 88 received, 2 retransmits, busy 9.0 s, of that 8.0 s limited by the peer's window and 0 ns "
                          "by its own send buffer, "
                          "120 bytes unread, 0 unacknowledged, idle 20.1 s");
    CHECK(said(Destroy{1204, 88, 9, 8, 2, 0, 0, 0, 9000, 1000, 2000}) ==
          "socket destroyed: 1204 bytes acked, 88 received, 2 retransmits, busy 9.0 s, of that 1.0 s limited by the peer's window and 2.0 s by its own send buffer");
    CHECK(said(Destroy{1204, 88, 9, 8, 0, 0, 0, 0, 9000, 999, 999}) == "socket destroyed: 1204 bytes acked, 88 received");
}

TEST_CASE("Keepalive timers and TCP_USER_TIMEOUT") {
    Timer timer;
    timer.what = Timer::What::fired;
    timer.which = Timer::Which::keepalive;
    timer.timeout_ms = 7200;
    CHECK(said(timer) == "keepalive timer fired after 7200 ms without traffic, 0 probes unanswered");
    CHECK_FALSE(noteworthy(event(timer)));
    timer.retransmits = 1;
    CHECK(said(timer) == "keepalive timer fired after 7200 ms without traffic, 1 probe unanswered");
    CHECK(noteworthy(event(timer)));
    CHECK(said(SocketError{numbers(), ETIMEDOUT, 5000}) == "socket error ETIMEDOUT (Connection timed out) reported, TCP_USER_TIMEOUT 5000 ms");
}

TEST_CASE("Drops") {
    Drop drop;
    drop.reason = "NETFILTER_DROP";
    drop.place = "nf_hook_slow";
    drop.outgoing = true;
    drop.flags = tcp_flag::syn;
    drop.seq = 7;
    CHECK(said(drop) == "dropped SYN seq 7 out: NETFILTER_DROP (by the packet filter) in nf_hook_slow");
    drop.caller = "__ip_local_out";
    drop.device = "eth0";
    CHECK(said(drop) == "dropped SYN seq 7 out: NETFILTER_DROP (by the packet filter) at output, eth0");
    CHECK(value(event(drop), "netfilter_hook") == "output");
    CHECK(noteworthy(event(drop)));
    drop.caller = "a_function_of_tomorrow";
    CHECK(said(drop) == "dropped SYN seq 7 out: NETFILTER_DROP (by the packet filter) in a_function_of_tomorrow, eth0");
    CHECK(value(event(drop), "netfilter_hook") == "(none)");

    Drop error;
    error.reason = "A_REASON_OF_TOMORROW";
    error.place = "icmp_rcv";
    error.icmp = true;
    error.icmp_type = 3;
    error.icmp_code = 4;
    CHECK(said(error) == "dropped ICMP fragmentation needed in: A_REASON_OF_TOMORROW in icmp_rcv");
    Drop data;
    data.reason = "\x1b";
    data.flags = tcp_flag::ack;
    data.payload = 1448;
    CHECK(said(data) == "dropped ACK seq 0 len 1448 in: ?");
}

TEST_CASE("A netfilter hook is known by the function that runs it, in both families") {
    CHECK(netfilter_hook("ip_local_deliver") == std::string("input"));
    CHECK(netfilter_hook("ip6_input") == std::string("input"));
    CHECK(netfilter_hook("ip_forward") == std::string("forward"));
    CHECK(netfilter_hook("ip_output.constprop.0") == std::string("postrouting"));
    CHECK(netfilter_hook("br_forward [bridge]") == std::string(""));
}

TEST_CASE("ICMP") {
    Icmp icmp;
    icmp.type = 3;
    icmp.code = 1;
    icmp.sender = *Address::parse("192.0.2.1");
    icmp.receiver = *Address::parse("10.0.1.2");
    icmp.quoted_seq = 9;
    CHECK(said(icmp) == "ICMP host unreachable in from 192.0.2.1, about seq 9");
    Icmp echo = icmp;
    echo.type = 8;
    echo.code = 0;
    CHECK_FALSE(noteworthy(event(echo)));
    echo.marker = "begin";
    CHECK(said(echo).starts_with("marker \"begin\", ICMP echo request in"));
    CHECK(value(event(echo), "marker") == "begin");
    CHECK(noteworthy(event(echo)));
    CHECK(icmp.unreachable());
    icmp.code = 4;
    icmp.mtu = 1280;
    icmp.quoted_bytes = 1500;
    CHECK(said(icmp) == "ICMP fragmentation needed in from 192.0.2.1, next hop takes 1280 bytes, about seq 9 in a packet of 1500 bytes");
    CHECK_FALSE(icmp.unreachable());
    CHECK(value(event(icmp), "next_hop_mtu_bytes") == "1280");
    icmp.outgoing = true;
    icmp.v6 = true;
    icmp.type = 2;
    icmp.code = 0;
    CHECK(said(icmp) == "ICMPv6 packet too big out to 10.0.1.2, next hop takes 1280 bytes, about seq 9 in a packet of 1500 bytes");
    CHECK(noteworthy(event(icmp)));
    icmp.type = 128;
    icmp.echo_id = 3;
    icmp.echo_seq = 4;
    icmp.echo_payload = 22;
    CHECK(said(icmp) == "ICMPv6 echo request out to 10.0.1.2, id 3 seq 4, 22 bytes");
    CHECK_FALSE(noteworthy(event(icmp)));
    icmp.type = 77;
    CHECK(name(icmp) == "type 77 code 0");
}

TEST_CASE("Routes and neighbours") {
    Route route{Route::What::no_route, {7, 7, 0, "dialer"}, ENETUNREACH, 254, true};
    CHECK(said(route) == "no route to 10.0.2.2, table main: ENETUNREACH (Network is unreachable)");
    route.what = Route::What::prohibit;
    route.table = 0;
    route.error = EACCES;
    CHECK(said(route) == "the route to 10.0.2.2 says prohibit: EACCES (Permission denied)");
    CHECK(route.refusing_rule() == "");
    route.what = Route::What::no_route;
    CHECK(route.refusing_rule() == "");  // nobody knows what was asked
    CHECK(said(route) == "no route to 10.0.2.2: EACCES (Permission denied)");
    route.table = 100;
    route.asked_later = true;
    CHECK(route.refusing_rule() == "prohibit");
    CHECK(said(route) == "a routing rule says prohibit to 10.0.2.2 (asked again just after): EACCES (Permission denied)");
    route.error = EHOSTUNREACH;
    CHECK(route.refusing_rule() == "");
    CHECK(said(route) == "no route to 10.0.2.2, table 100 (asked again just after): EHOSTUNREACH (No route to host)");
    CHECK(table_name(100) == "100");
    Neighbour neighbour{Neighbour::What::failed, 3, {}, {}, "eth0"};
    CHECK(said(neighbour) == "10.0.2.2 on eth0 did not answer ARP");
    CHECK(noteworthy(event(neighbour)));
    neighbour = {Neighbour::What::changed, 0, {2, 0, 0, 0, 0, 1}, {2, 0, 0, 0, 0, 255}, "eth0"};
    CHECK(said(neighbour) == "link-layer address of 10.0.2.2 on eth0 changed from 02:00:00:00:00:01 to 02:00:00:00:00:ff");
    neighbour.what = Neighbour::What::incomplete;
    CHECK(said(neighbour) == "asking for the link-layer address of 10.0.2.2 on eth0");
    CHECK_FALSE(noteworthy(event(neighbour)));
}

TEST_CASE("Messages") {
    Message message{true, "SIP", "INVITE sip:bob@example.com SIP/2.0", "abc", "1 INVITE", "", "", 812};
    CHECK(said(message) == "SIP out: INVITE sip:bob@example.com SIP/2.0 to 10.0.2.2:5061, CSeq 1 INVITE, Call-ID abc, 812 bytes");
    CHECK_FALSE(noteworthy(event(message)));
    message = {false, "SIP", "SIP/2.0 504 Server time-out", "", "", "fe.example.com:5061\x1b", "0xc3e93c47", 0};
    CHECK(said(message) == "SIP in: SIP/2.0 504 Server time-out from fe.example.com:5061?, result 0xc3e93c47");
    CHECK(noteworthy(event(message)));
    CHECK(value(event(message), "status_code") == "504");
    CHECK(value(event(message), "direction") == "in");
    message.remark = "not sent";
    CHECK(said(message) == "SIP: not sent: SIP/2.0 504 Server time-out, peer fe.example.com:5061?, result 0xc3e93c47");
    CHECK(value(event(message), "direction") == "(none)");
    CHECK(value(event(message), "remark") == "not sent");
    message.remark.clear();
    message.result_code.clear();
    for (const auto& [line, worth] : {std::pair{"SIP/2.0 200 OK", false}, {"SIP/2.0 401 Unauthorized", false}, {"SIP/2.0 403 Forbidden", true}, {"SIP/2.0 5", false}}) {
        INFO(line);
        message.start_line = line;
        CHECK(noteworthy(event(message)) == worth);
    }
}

TEST_CASE("What another system called its result stands behind the errno") {
    Call failed = exit_of(call(Call::Op::connect, -1), -ETIMEDOUT, 21'000'000'000);
    failed.status = "STATUS_IO_TIMEOUT";
    CHECK(said(failed) == "connect() = ETIMEDOUT (Connection timed out), STATUS_IO_TIMEOUT after 21.0 s");
    CHECK(value(event(failed), "status") == "STATUS_IO_TIMEOUT");
    CHECK(said(exit_of(call(Call::Op::socket, -1), 0)) == "socket() = 0");
    SocketError error;
    error.error = ECONNRESET;
    error.status = "STATUS_CONNECTION_RESET";
    CHECK(said(error) == "socket error ECONNRESET (Connection reset by peer), STATUS_CONNECTION_RESET reported");
    CHECK(value(event(error), "status") == "STATUS_CONNECTION_RESET");
    Destroy gone;
    gone.totals_told = false;
    CHECK(said(gone) == "socket destroyed");
    CHECK(fields(event(gone)).empty());
    StateChange change{TcpState::close, TcpState::syn_sent};
    change.isn = 2232090326;
    CHECK(said(change) == "state CLOSE -> SYN_SENT, SYN seq 2232090326");
    CHECK(value(event(change), "isn") == "2232090326");
}

TEST_CASE("Numbers that were never told are not told as zero") {
    TcpNumbers none;
    none.told = false;
    CHECK(said(ResetReceived{none}) == "RST received in ESTABLISHED");
    CHECK(fields(event(ResetReceived{none})).empty());
    Retransmit again{Retransmit::What::rto, none, 7000, 7000, 0};
    CHECK(said(again) == "retransmit after RTO: seq 7000");
    CHECK(value(event(again), "length_bytes") == "(none)");
    again.what = Retransmit::What::syn;
    again.tcp.rto_us = 3'000'000;
    again.tcp.retransmits = 1;
    CHECK(said(again, TcpState::syn_sent) == "retransmit 1 of SYN seq 7000, 3000 ms after it was last sent");
    again = {Retransmit::What::loss_probe, none, 7000, 8460, 0};
    CHECK(said(again) == "tail loss probe: 1460 bytes, seq 7000");
    CHECK(value(event(again), "length_bytes") == "1460");
}

TEST_CASE("What a segment was to its sender is said behind it, and in a field") {
    Event event;
    Segment segment;
    segment.flags = tcp_flag::ack;
    segment.marks = segment_mark::rto | segment_mark::spurious;
    event.body = segment;
    CHECK(sentence(event).ends_with(": retransmission (RTO), in vain: it had arrived"));
    CHECK(noteworthy(event));
    const auto all = fields(event);
    CHECK(std::any_of(all.begin(), all.end(), [](const Field& field) {
        return std::string_view(field.name) == "marks" && std::get<std::string>(field.value) == "retransmission_rto,spurious";
    }));
    event.as<Segment>()->marks = segment_mark::keepalive;
    CHECK_FALSE(noteworthy(event));
}
