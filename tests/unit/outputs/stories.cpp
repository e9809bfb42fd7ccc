#include "stories.h"

#include <sys/socket.h>

#include <cerrno>
#include <utility>

namespace tcpwitness {

namespace {

constexpr std::uint64_t ms = 1'000'000, us = 1'000;
constexpr std::uint64_t boot = 1'000'000'000'000;

Endpoint at(const char* address, std::uint16_t port) { return {*Address::parse(address), port}; }

/// Collects events with rising ids; times count from the start of the recording.
class Maker {
public:
    Case made;

    explicit Maker(std::vector<const char*> witnesses) {
        Recording& info = made.story.recordings.emplace_back();
        info.tool = "tcpwitness 0.1.0";
        info.host = "edge-1";
        info.kernel = "6.18.5";
        info.boot_id = "7d0f5f0e-9f0b-4a53-8a4b-1f6a1c9f1b7e";
        made.story.boot_to_wall_ns = info.boot_to_wall_ns = 1'772'373'790'000'000'000 - boot;  // 2026-03-01 14:03:10 UTC
        std::uint32_t inode = 4026532000;
        for (const char* name : witnesses) made.story.witnesses.push_back({"edge-1", name, inode++, {{"net.ipv4.tcp_syn_retries", "2"}}});
        made.story.interfaces.push_back({0, "eth0", 2});
        made.story.begin_ns = boot;
        info.started_ns = info.begin_ns = boot;
        ends_at(8'204 * ms);
    }

    void ends_at(std::uint64_t after_start) {
        Recording& info = made.story.recordings.front();
        made.story.end_ns = info.ended_ns = info.end_ns = boot + after_start;
    }

    Event event(std::uint64_t after_start, WitnessId witness, const Flow& flow, TcpState state, EventBody body) {
        Event made_event;
        made_event.id = ++last_id_;
        made_event.time_ns = boot + after_start;
        made_event.witness = witness;
        made_event.cookie = 4097 + witness;
        made_event.cpu = static_cast<std::uint16_t>(witness);
        made_event.state = state;
        made_event.flow = flow;
        made_event.body = std::move(body);
        return made_event;
    }

    Connection& connection(WitnessId witness, const Flow& flow, Role role) {
        Connection& added = made.story.connections.emplace_back();
        added.id = static_cast<ConnectionId>(made.story.connections.size());
        added.witness = witness;
        added.flow = flow;
        added.role = role;
        added.cookie = 4097 + witness;
        return added;
    }

    static void add(Connection& to, Event event) {
        if (to.events.empty()) to.begin_ns = event.time_ns;
        to.end_ns = event.time_ns;
        to.events.push_back(std::move(event));
    }

    void join(ConnectionId client, ConnectionId server) {
        auto& all = made.story.conversations;
        all.push_back({static_cast<ConversationId>(all.size() + 1), client, server});
        made.story.connection(client)->conversation = made.story.connection(server)->conversation = all.back().id;
    }

private:
    std::uint64_t last_id_ = 0;
};

Task task(std::uint32_t pid, const char* comm) { return {pid, pid, 7721, comm}; }

Call call(Call::Op op, const Task& by, std::int32_t fd) {
    Call enter;
    enter.op = op;
    enter.task = by;
    enter.fd = fd;
    return enter;
}

Call exit_of(Call enter, std::int32_t ret, std::uint64_t took_ns) {
    enter.phase = Call::Phase::exit;
    enter.ret = ret;
    enter.took_ns = took_ns;
    return enter;
}

Segment segment(bool outgoing, std::uint8_t flags, std::uint32_t seq, std::uint32_t ack, std::uint8_t ttl, std::uint16_t ip_id) {
    Segment made;
    made.outgoing = outgoing;
    made.flags = flags;
    made.seq = seq;
    made.ack = ack;
    made.ttl = ttl;
    made.ip_id = ip_id;
    made.window = flags & tcp_flag::rst ? 0 : 64240;
    made.mss = flags & tcp_flag::syn ? 1460 : 0;
    made.options_length = flags & tcp_flag::syn ? 20 : 0;
    return made;
}

TcpNumbers syn_numbers(std::uint8_t retransmits) {
    TcpNumbers tcp;
    tcp.snd_una = 3269462193;
    tcp.snd_nxt = tcp.write_seq = tcp.snd_una + 1;
    tcp.rto_us = 1'000'000;
    tcp.retransmits = retransmits;
    tcp.pending = 1;
    tcp.snd_cwnd = 10;
    return tcp;
}

Timer rto(Timer::What what, std::uint8_t retransmits) {
    Timer timer;
    timer.what = what;
    timer.which = Timer::Which::rto;
    timer.timeout_ms = 1000;
    timer.rto_us = 1'000'000;
    timer.retransmits = retransmits;
    timer.snd_una = 3269462193;
    return timer;
}

}  // namespace

Case forged_reset() {
    constexpr std::uint32_t isn = 3269462193, server_isn = 1187064011;
    Maker maker({"edge", "mid", "fe"});
    const Flow edge_flow{at("10.0.1.2", 40112), at("10.0.2.2", 5061)}, fe_flow = edge_flow.reversed();
    const Flow no_port{at("10.0.1.2", 0), at("10.0.2.2", 5061)};
    const Task sipd = task(4711, "sipd");
    Connection edge = maker.connection(0, edge_flow, Role::client);
    edge.owner = sipd;
    edge.ending = Ending::connect_timeout;
    edge.error = ETIMEDOUT;
    edge.state = TcpState::close;
    edge.local_isn = isn;
    Connection fe = maker.connection(2, fe_flow, Role::server);
    fe.embryonic = true;
    fe.cookie = 0;
    fe.ending = Ending::handshake_reset;
    fe.local_isn = server_isn;
    fe.peer_isn = isn;

    const auto on_edge = [&](std::uint64_t when, const Flow& flow, TcpState state, EventBody body) {
        Maker::add(edge, maker.event(when, 0, flow, state, std::move(body)));
    };
    const Call connect = call(Call::Op::connect, sipd, 5);
    const std::uint64_t start = 1'204 * ms;
    on_edge(start, {}, TcpState::close, connect);
    on_edge(start + 9 * us, no_port, TcpState::syn_sent, StateChange{TcpState::close, TcpState::syn_sent, 4711, 4711, 0});
    for (std::uint8_t round = 0; round < 3; ++round) {
        const std::uint64_t sent = start + round * 1'024 * ms + 31 * us;
        if (round > 0) {
            on_edge(sent - 8 * us, edge_flow, TcpState::syn_sent, rto(Timer::What::fired, round - 1));
            on_edge(sent - 5 * us, edge_flow, TcpState::syn_sent, Retransmit{Retransmit::What::syn, syn_numbers(round), isn, isn + 1, 0});
        }
        on_edge(sent, edge_flow, TcpState::none, segment(true, tcp_flag::syn, isn, 0, 64, 54021 + round));
        on_edge(sent + 4 * us, edge_flow, TcpState::syn_sent, rto(Timer::What::armed, round));
        maker.made.story.add_unmatched(maker.event(sent + 14 * us, 1, edge_flow, TcpState::none, segment(false, tcp_flag::syn, isn, 0, 64, 54021 + round)));
        Maker::add(fe, maker.event(sent + 29 * us, 2, fe_flow, TcpState::none, segment(false, tcp_flag::syn, isn, 0, 63, 54021 + round)));
        Maker::add(fe, maker.event(sent + 47 * us, 2, fe_flow, TcpState::none, segment(true, tcp_flag::syn | tcp_flag::ack, server_isn + round, isn + 1, 64, 0)));
        maker.made.story.add_unmatched(
            maker.event(sent + 58 * us, 1, fe_flow, TcpState::none, segment(false, tcp_flag::syn | tcp_flag::ack, server_isn + round, isn + 1, 64, 0)));
        maker.made.story.add_unmatched(maker.event(sent + 69 * us, 1, edge_flow, TcpState::none, segment(true, tcp_flag::rst, isn + 1, 0, 64, 0)));
        Maker::add(fe, maker.event(sent + 71 * us, 2, fe_flow, TcpState::none, segment(false, tcp_flag::rst, isn + 1, 0, 64, 0)));
    }
    on_edge(start + 7'168 * ms, edge_flow, TcpState::syn_sent, rto(Timer::What::fired, 2));
    on_edge(start + 7'168 * ms + 6 * us, edge_flow, TcpState::syn_sent, SocketError{syn_numbers(2), ETIMEDOUT});
    on_edge(start + 7'168 * ms + 9 * us, edge_flow, TcpState::close, StateChange{TcpState::syn_sent, TcpState::close, 0, 0, 0});
    on_edge(start + 7'168 * ms + 61 * us, edge_flow, TcpState::close, exit_of(connect, -ETIMEDOUT, 7'168 * ms + 61 * us));
    on_edge(start + 7'169 * ms, edge_flow, TcpState::close, Destroy{0, 0, 3, 0, 0, 0});
    maker.made.story.connections = {edge, fe};
    maker.join(1, 2);

    Finding forged;
    forged.rule = "reset-forged";
    forged.culprit = Culprit::path;
    forged.certainty = Certainty::proven;
    forged.headline = "The RST that ended the handshake of 10.0.1.2:40112 -> 10.0.2.2:5061 at fe carries edge's address, but edge never sent it: "
                      "a device between them made it.";
    forged.reasons = {"fe answered each of 3 SYNs with a SYN-ACK and got a RST 24 us later.",
                      "edge's trace covers the time and holds neither the SYN-ACK nor a RST sent.",
                      "The RST came with TTL 64 and IP id 0, the SYN from the same address with TTL 63."};
    for (const Event& event : fe.events) forged.evidence.push_back(event.id);
    forged.connections = {2, 1};
    forged.first_ns = fe.events.front().time_ns;
    forged.last_ns = fe.events.back().time_ns;
    maker.made.findings = {forged};
    return std::move(maker.made);
}

Case healthy_case(std::size_t count) {
    Maker maker({"edge-1"});
    for (std::size_t i = 0; i < count; ++i) {
        const std::uint64_t start = i * ms;
        const Flow flow{at("127.0.0.1", static_cast<std::uint16_t>(20'000 + i % 40'000)), at("127.0.0.1", 443)};
        for (const Role role : {Role::client, Role::server}) {
            const bool client = role == Role::client;
            const Flow own = client ? flow : flow.reversed();
            Connection& end = maker.connection(0, own, role);
            end.owner = client ? task(900, "curl") : task(812, "nginx");
            end.ending = Ending::closed;
            end.state = TcpState::close;
            Maker::add(end, maker.event(start + (client ? 0 : 40 * us), 0, own, TcpState::established,
                                        StateChange{client ? TcpState::syn_sent : TcpState::syn_recv, TcpState::established, 0, 0, 0}));
            Maker::add(end, maker.event(start + 700 * us, 0, own, TcpState::close, Destroy{120, 2048, 5, 4, 0, 41}));
        }
        const auto last = static_cast<ConnectionId>(maker.made.story.connections.size());
        maker.join(last - 1, last);
    }
    return std::move(maker.made);
}

namespace {

Case one_of_each(const char* comm, const char* host, const char* reason) {
    Maker maker({host});
    maker.made.story.recordings.front().host = host;
    const Flow flow{at("2001:db8::1", 52000), at("2001:db8::2", 443)};
    const Task app = task(812, comm);
    Connection all = maker.connection(0, flow, Role::client);
    all.owner = app;
    all.ending = Ending::reset_received;
    all.error = ECONNRESET;
    all.established_ns = boot + 12 * ms;
    all.users = {task(813, comm)};
    TcpNumbers tcp;
    tcp.snd_una = 1000;
    tcp.write_seq = tcp.snd_nxt = 2448;
    tcp.copied_seq = 500;
    tcp.rcv_nxt = 620;
    tcp.srtt_us = 24'300;
    tcp.rto_us = 224'000;
    tcp.snd_cwnd = 10;
    tcp.recv_idle_ms = 20'100;
    tcp.send_idle_ms = 25'000;
    tcp.retransmits = 3;
    tcp.backoff = 2;
    ResetSent sent;
    sent.tcp = tcp;
    sent.task = app;
    sent.reason = reason;
    sent.has_socket = true;
    Timer probe = rto(Timer::What::armed, 0);
    probe.which = Timer::Which::loss_probe;
    Queue listening;
    listening.what = Queue::What::listener;
    listening.since_ns = boot;
    listening.accept_queue = 129;
    listening.accept_max = 128;
    listening.drops = 4;
    Queue unread;
    unread.what = Queue::What::receive;
    unread.since_ns = boot;
    unread.unread = 120;
    unread.window_closed = unread.accepted = true;
    unread.task = app;
    unread.process_state = 'S';
    unread.threads = 4;
    unread.call = "futex";
    unread.wait = "futex_wait";
    const Destroy totals{1204, 88, 12, 11, 2, 24'300, 1'500, 10, 9'000, 8'000, 500};
    Segment in = segment(false, tcp_flag::fin | tcp_flag::ack, 77, 88, 58, 0);
    in.has_timestamps = in.has_mac = true;
    in.source_mac = {2, 0, 0, 0, 0, 1};
    in.payload = 12;
    Drop dropped;
    dropped.reason = "NETFILTER_DROP";
    dropped.place = "nf_hook_slow";
    dropped.caller = "ip6_input";
    dropped.device = "eth0";
    dropped.has_socket = true;
    dropped.flags = tcp_flag::ack;
    dropped.seq = 77;
    dropped.payload = 12;
    dropped.ttl = 58;
    Icmp too_big;
    too_big.v6 = true;
    too_big.type = 2;
    too_big.mtu = 1280;
    too_big.ttl = 63;
    too_big.quoted_seq = 1000;
    too_big.quoted_bytes = 1500;
    too_big.sender = *Address::parse("2001:db8::9");
    too_big.receiver = flow.local.address;
    too_big.device = "eth0";
    const EventBody bodies[] = {
        Snapshot{tcp, app, 7, 0, 0},
        exit_of(call(Call::Op::socket, app, 5), 5, 3 * us),
        exit_of(call(Call::Op::shutdown, app, 5), -ENOTCONN, 2 * us),
        StateChange{TcpState::syn_sent, TcpState::established, 0, 0, 0},
        probe,
        Retransmit{Retransmit::What::rto, tcp, 1000, 2448, 0},
        Retransmit{Retransmit::What::fast, tcp, 1000, 2448, -ENOBUFS},
        SynAckRetransmit{5, 6, 1000, 1, 1},
        SocketError{tcp, ECONNRESET},
        ResetReceived{tcp},
        sent,
        in,
        listening,
        unread,
        SocketOption{app, 5, SOL_SOCKET, SO_LINGER, 1, 0, 0},
        Sample{tcp, totals, 7, 65'536, 0, 448},
        dropped,
        too_big,
        Route{Route::What::no_route, app, ENETUNREACH, 254, true},
        totals,
    };
    std::uint64_t when = 10 * ms;
    for (const EventBody& body : bodies) Maker::add(all, maker.event(when += 1'500 * us, 0, flow, TcpState::established, body));
    maker.made.story.process_exits.push_back(maker.event(when - ms, 0, {}, TcpState::none, ProcessExit{app, 9}));
    maker.made.story.gaps.push_back(maker.event(when - 2 * ms, 0, {}, TcpState::none, Gap{boot + 5 * ms, boot + 20 * ms, 12, "state"}));
    maker.made.story.environment.push_back(
        maker.event(when - 3 * ms, 0, {}, TcpState::none, Environment{Environment::What::changed, false, "route", "default", "via fe80::1", "unreachable"}));
    maker.made.story.connections = {all};
    Finding finding;
    finding.rule = "reset-received";
    finding.culprit = Culprit::peer_host;
    finding.certainty = Certainty::likely;
    finding.headline = std::string("The peer reset a connection of ") + comm + " in ESTABLISHED after 20.1 s without data.";
    finding.settle = "record on 2001:db8::2 at the same time";
    finding.connections = {1};
    finding.evidence = {10};
    finding.first_ns = finding.last_ns = boot + 20 * ms;
    Finding mistrust;
    mistrust.rule = "evidence-gap";
    mistrust.certainty = Certainty::possible;
    mistrust.harm = Harm::none;
    mistrust.headline = "12 records of state were lost.";
    mistrust.settle = "record again with a larger --buffer";
    mistrust.first_ns = mistrust.last_ns = boot + 5 * ms;
    maker.made.findings = {mistrust, finding};
    return std::move(maker.made);
}

}  // namespace

Case every_kind() { return one_of_each("nginx", "edge-1", "TCP_ABORT_ON_CLOSE"); }

Case hostile() { return one_of_each("\x1b[2J\"\\\n\xff\xc2\x9b" "1m\u202e", "a\x1b]0;x\x07\t\r\n\"}\u200b", "\x1b[31m\xf0\x28\u2066"); }

Case repeated() {
    Maker maker({"edge-1"});
    Finding finding;
    finding.rule = "connect-refused";
    finding.culprit = Culprit::peer_host;
    finding.certainty = Certainty::likely;
    finding.count = 383;
    finding.headline = "383 connects of poller[77] to 192.0.2.9:50704 were refused in 12 s.";
    finding.settle = "record on 192.0.2.9 at the same time";
    for (std::uint16_t i = 0; i < 383; ++i) {
        const Flow flow{at("192.0.2.1", 30'000 + i), at("192.0.2.9", 50'704)};
        Connection& one = maker.connection(0, flow, Role::client);
        one.owner = task(77, "poller");
        one.ending = Ending::refused;
        one.error = ECONNREFUSED;
        const Call connect = call(Call::Op::connect, one.owner, 9);
        const std::uint64_t when = 100 * ms + i * 31 * ms;
        Maker::add(one, maker.event(when, 0, flow, TcpState::close, connect));
        Maker::add(one, maker.event(when + 300 * us, 0, flow, TcpState::none, segment(false, tcp_flag::rst | tcp_flag::ack, 0, 99, 61, 0)));
        Maker::add(one, maker.event(when + 340 * us, 0, flow, TcpState::close, exit_of(connect, -ECONNREFUSED, 340 * us)));
        finding.connections.push_back(one.id);
        finding.evidence.push_back(one.events[1].id);
    }
    finding.first_ns = maker.made.story.connections.front().begin_ns;
    finding.last_ns = maker.made.story.connections.back().end_ns;
    maker.ends_at(12'400 * ms);
    maker.made.findings = {finding};
    return std::move(maker.made);
}

}  // namespace tcpwitness
