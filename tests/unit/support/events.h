// Hand-built traces that read like a story:
//
//     auto t = trace();
//     const End edge = t.end("edge", "10.0.1.2:40000", "10.0.2.2:5061", task(100, "dialer"));
//     t.as(edge).at(0).connect_enter().state(TcpState::close, TcpState::syn_sent).syn_out();
//     t.at(7000).error(ETIMEDOUT).connect_exit(-ETIMEDOUT);
//     const Story story = t.story();
#pragma once

#include <algorithm>
#include <cerrno>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "correlate/correlator.h"

namespace tcpwitness {

inline Endpoint endpoint(const std::string& text) {
    const auto colon = text.rfind(':');
    std::string address = text.substr(0, colon);
    if (address.starts_with('[')) address = address.substr(1, address.size() - 2);
    return {address == "*" ? Address{} : *Address::parse(address), static_cast<std::uint16_t>(std::stoi(text.substr(colon + 1)))};
}

inline Task task(std::uint32_t pid, std::string comm) {
    Task result;
    result.pid = result.tid = pid;
    result.comm = std::move(comm);
    return result;
}

/// One end of a session as one witness sees it. `isn` is what it sends, `peer_isn` what it gets.
struct End {
    WitnessId witness = 0;
    std::uint64_t cookie = 0;
    std::uint32_t socket_id = 0;
    Flow flow;
    Task task;
    std::uint32_t isn = 0, peer_isn = 0;
    std::uint8_t ttl_in = 64;
};

class TraceBuilder {
public:
    TraceBuilder() {
        info_.host = "lab";
        info_.started_ns = base_ns;
        info_.boot_to_wall_ns = 1'700'000'000'000'000'000;
    }

    // --- who ---
    WitnessId witness(const std::string& name) {
        for (WitnessId i = 0; i < info_.witnesses.size(); ++i)
            if (info_.witnesses[i].name == name) return i;
        Witness fresh;
        fresh.host = info_.host;
        fresh.name = name;
        fresh.netns = 100 + static_cast<std::uint32_t>(info_.witnesses.size());
        info_.witnesses.push_back(fresh);
        info_.interfaces.push_back({static_cast<WitnessId>(info_.witnesses.size() - 1), "eth-" + name, 2});
        return static_cast<WitnessId>(info_.witnesses.size() - 1);
    }
    End end(const std::string& where, const std::string& local, const std::string& peer, Task task = {}) {
        End end;
        end.witness = witness(where);
        end.cookie = ++cookie_;
        end.socket_id = 0x1000 + static_cast<std::uint32_t>(cookie_);
        end.flow = {endpoint(local), endpoint(peer)};
        end.task = std::move(task);
        end.isn = 10'000 * static_cast<std::uint32_t>(cookie_);
        return end;
    }
    End listener(const std::string& where, const std::string& local, Task task = {}) { return end(where, local, "*:0", std::move(task)); }
    /// The other end of `client`, in `where`, with the ISNs the other way round.
    End opposite(End& client, const std::string& where, Task task = {}) {
        End server;
        server = end(where, "*:0", "*:0", std::move(task));
        server.flow = client.flow.reversed();
        server.peer_isn = client.isn;
        client.peer_isn = server.isn;
        return server;
    }
    std::uint32_t interface(const std::string& where, const std::string& name) {
        info_.interfaces.push_back({witness(where), name, 10 + static_cast<std::uint32_t>(info_.interfaces.size())});
        return static_cast<std::uint32_t>(info_.interfaces.size() - 1);
    }

    // --- when, and on whose behalf ---
    TraceBuilder& at(double ms) { now_ = base_ns + static_cast<std::uint64_t>(ms * 1e6); return *this; }
    TraceBuilder& after(double ms) { now_ += static_cast<std::uint64_t>(ms * 1e6); return *this; }
    TraceBuilder& as(const End& end) { end_ = end; return *this; }
    TraceBuilder& by(Task task) { end_.task = std::move(task); return *this; }
    std::uint64_t now() const { return now_; }

    // --- calls ---
    TraceBuilder& call(Call::Op op, Call::Phase phase, std::int32_t ret = 0) {
        Call call;
        call.op = op;
        call.phase = phase;
        call.task = end_.task;
        call.fd = 5;
        call.ret = ret;
        return add(call);
    }
    TraceBuilder& socket_call() { return without_cookie().call(Call::Op::socket, Call::Phase::exit, 5); }
    TraceBuilder& connect_enter() { return call(Call::Op::connect, Call::Phase::enter); }
    TraceBuilder& connect_exit(std::int32_t ret = 0) { return call(Call::Op::connect, Call::Phase::exit, ret); }
    TraceBuilder& shutdown_call() { return call(Call::Op::shutdown, Call::Phase::exit, 0); }
    TraceBuilder& listen_call() {
        call(Call::Op::bind, Call::Phase::exit);
        state(TcpState::close, TcpState::listen);
        return call(Call::Op::listen, Call::Phase::exit);
    }
    /// accept() on `listener` hands out the current end; it had waited since `waited_ms` before.
    TraceBuilder& accept(const End& listener, double waited_ms = 0) {
        Call call;
        call.op = Call::Op::accept;
        call.phase = Call::Phase::enter;
        call.task = end_.task;
        call.listener_cookie = listener.cookie;
        call.listener_socket_id = listener.socket_id;
        const std::uint64_t exit_ns = now_;
        now_ -= static_cast<std::uint64_t>(waited_ms * 1e6);
        add(call);
        now_ = exit_ns;
        call.phase = Call::Phase::exit;
        call.ret = 7;
        return add(call);
    }

    // --- the stack ---
    TraceBuilder& state(TcpState from, TcpState to) {
        StateChange change;
        change.from = from;
        change.to = to;
        change.pid = change.tid = end_.task.pid;
        state_ = to;
        return add(change);
    }
    /// CLOSE -> SYN_SENT comes before the source port is known.
    TraceBuilder& syn_sent() {
        const End known = end_;
        end_.flow.local = {};
        state(TcpState::close, TcpState::syn_sent);
        end_ = known;
        return *this;
    }
    /// A change to CLOSE may come with the tuple wiped already.
    TraceBuilder& wiped_close(TcpState from) {
        const End known = end_;
        end_.flow = {};
        state(from, TcpState::close);
        end_ = known;
        return *this;
    }
    TraceBuilder& timer_armed(std::uint32_t ms) {
        Timer timer;
        timer.what = Timer::What::armed;
        timer.which = Timer::Which::rto;
        timer.timeout_ms = ms;
        return add(timer);
    }
    TraceBuilder& syn_retransmit() {
        Retransmit again;
        again.what = Retransmit::What::syn;
        again.seq = end_.isn;
        return add(again);
    }
    TraceBuilder& rto(std::uint8_t round, TcpNumbers tcp = {}) {
        Retransmit again;
        again.what = Retransmit::What::rto;
        again.tcp = tcp;
        again.tcp.retransmits = round;
        again.seq = end_.isn + 1;
        return add(again);
    }
    TraceBuilder& syn_ack_retransmit(const End& listener, std::uint8_t round) {
        SynAckRetransmit again;
        again.sent_isn = end_.isn;
        again.received_isn = end_.peer_isn;
        again.retransmits = again.timeouts = round;
        again.timeout_ms = 1000;
        const End known = end_;
        end_.cookie = listener.cookie;
        add(again);
        end_ = known;
        return *this;
    }
    TraceBuilder& error(std::int32_t error, TcpNumbers tcp = {}) { return add(SocketError{tcp, error}); }
    TraceBuilder& reset_received(TcpNumbers tcp = {}) { return add(ResetReceived{tcp}); }
    /// The socket's own reset, in the context of the current task.
    TraceBuilder& reset_sent(const std::string& reason, TcpNumbers tcp = {}) {
        ResetSent reset;
        reset.tcp = tcp;
        reset.task = end_.task;
        reset.reason = reason;
        reset.has_socket = true;
        return add(reset);
    }
    /// A reset in answer to a segment for which there is no full socket.
    TraceBuilder& reset_without_socket(const std::string& reason, std::uint8_t answered_flags = tcp_flag::syn) {
        ResetSent reset;
        reset.reason = reason;
        reset.answers_segment = true;
        reset.seq = end_.peer_isn;
        reset.segment_flags = answered_flags;
        return without_cookie().add(reset);
    }
    /// A packet filter rejects a SYN to this end, at a netfilter hook (input 1, forward 2, output 3).
    TraceBuilder& firewall_reset(std::uint8_t hook) {
        ResetSent reset;
        reset.answers_segment = true;
        reset.segment_flags = tcp_flag::syn;
        reset.firewall_hook = hook;
        return without_cookie().add(reset);
    }
    TraceBuilder& destroy() { return add(Destroy{}); }
    TraceBuilder& process_exit(Task task, std::int32_t code) {
        ProcessExit exit;
        exit.task = std::move(task);
        exit.code = code;
        return add(exit);
    }
    TraceBuilder& snapshot(TcpState state) {
        state_ = state;
        Snapshot snapshot;
        snapshot.task = end_.task;
        return add(snapshot);
    }
    /// RSTs without a socket from this end's port that were only counted, to sources of this end's peer's network.
    TraceBuilder& resets_counted(std::uint64_t count, double since_ms, double until_ms) {
        return counted(Repeats::What::reset_sent, count, since_ms, until_ms, "NO_SOCKET");
    }
    TraceBuilder& counted(Repeats::What what, std::uint64_t count, double since_ms, double until_ms, std::string reason = {}) {
        Repeats repeats;
        repeats.what = what;
        repeats.count = count;
        repeats.from_ns = base_ns + static_cast<std::uint64_t>(since_ms * 1e6);
        repeats.to_ns = base_ns + static_cast<std::uint64_t>(until_ms * 1e6);
        repeats.prefix_length = 24;
        repeats.reason = std::move(reason);
        return without_cookie().at(until_ms).add(repeats);
    }
    TraceBuilder& gap(double from_ms, double to_ms, std::uint64_t lost) {
        Gap gap;
        gap.from_ns = base_ns + static_cast<std::uint64_t>(from_ms * 1e6);
        gap.to_ns = base_ns + static_cast<std::uint64_t>(to_ms * 1e6);
        gap.lost = lost;
        gap.probe = "state";
        return add(gap);
    }

    // --- packets of the current end ---
    TraceBuilder& packet(bool outgoing, std::uint8_t flags, std::uint32_t seq, std::uint32_t ack = 0) {
        Segment segment = look_;
        segment.outgoing = outgoing;
        segment.flags = flags;
        segment.seq = seq;
        segment.ack = ack;
        if (segment.ttl == 0) segment.ttl = outgoing ? 64 : end_.ttl_in;
        if (segment.ip_id == 0 && !(flags & tcp_flag::rst)) segment.ip_id = 4711;
        if (segment.interface == 0) segment.interface = end_.witness;
        look_ = {};
        const End known = end_;
        end_.cookie = 0;
        end_.socket_id = 0;
        add(segment);
        end_ = known;
        return *this;
    }
    /// How the next packet looks: set fields of it.
    Segment& look() { return look_; }
    TraceBuilder& on(std::uint32_t interface) { look_.interface = interface; return *this; }
    TraceBuilder& ttl(std::uint8_t ttl) { look_.ttl = ttl; return *this; }
    TraceBuilder& syn_out() { return packet(true, tcp_flag::syn, end_.isn); }
    TraceBuilder& syn_in() { return packet(false, tcp_flag::syn, end_.peer_isn); }
    TraceBuilder& syn_ack_out() { return packet(true, tcp_flag::syn | tcp_flag::ack, end_.isn, end_.peer_isn + 1); }
    TraceBuilder& syn_ack_in() { return packet(false, tcp_flag::syn | tcp_flag::ack, end_.peer_isn, end_.isn + 1); }
    TraceBuilder& fin_out() { return packet(true, tcp_flag::fin | tcp_flag::ack, end_.isn + 100, end_.peer_isn + 100); }
    TraceBuilder& fin_in() { return packet(false, tcp_flag::fin | tcp_flag::ack, end_.peer_isn + 100, end_.isn + 100); }
    TraceBuilder& rst_out() { return packet(true, tcp_flag::rst | tcp_flag::ack, end_.isn + 1, end_.peer_isn + 1); }
    TraceBuilder& rst_in() { return packet(false, tcp_flag::rst | tcp_flag::ack, end_.peer_isn + 1, end_.isn + 1); }

    // --- the result ---
    TraceInfo& info() { return info_; }
    std::vector<Event> events() {
        std::vector<Event> sorted = events_;
        std::stable_sort(sorted.begin(), sorted.end(), [](const Event& a, const Event& b) { return a.time_ns < b.time_ns; });
        for (std::size_t i = 0; i < sorted.size(); ++i) sorted[i].id = i + 1;
        return sorted;
    }
    Story story(Limits limits = Limits::offline()) {
        if (!info_.cut_off && info_.ended_ns == 0) info_.ended_ns = now_ + 1'000'000;
        Story story = correlate(info_, events(), limits);
        if (configuration_known_) add_configuration(story);
        return story;
    }
    /// Of no host is it known what acts there besides.
    TraceBuilder& configuration_unknown() { configuration_known_ = false; return *this; }
    /// One fact of the current end's namespace, as found or as it came up.
    TraceBuilder& environment(Environment::What what, std::string topic, std::string name, std::string after) {
        Environment fact;
        fact.what = what;
        fact.topic = std::move(topic);
        fact.name = std::move(name);
        fact.after = std::move(after);
        const End known = end_;
        end_ = {};
        end_.witness = known.witness;
        add(std::move(fact));
        end_ = known;
        return *this;
    }
    template <typename Body> TraceBuilder& add(Body body) {
        Event event;
        event.time_ns = now_;
        event.witness = end_.witness;
        event.cookie = skip_cookie_ ? 0 : end_.cookie;
        event.socket_id = end_.socket_id;
        event.flow = end_.flow;
        event.state = state_;
        event.body = std::move(body);
        if (const ResetSent* reset = event.as<ResetSent>(); reset && !reset->has_socket) event.socket_id = 0;
        skip_cookie_ = false;
        events_.push_back(std::move(event));
        now_ += 1'000;  // the next thing happens a microsecond later
        return *this;
    }
    TraceBuilder& without_cookie() { skip_cookie_ = true; return *this; }

private:
    /// As every recording does: each namespace's devices, up.
    void add_configuration(Story& story) {
        for (WitnessId i = static_cast<WitnessId>(story.witnesses.size()); i-- > 0;) {
            Event event;
            event.time_ns = story.begin_ns;
            event.witness = i;
            Environment fact;
            fact.what = Environment::What::found;
            fact.topic = "device";
            fact.name = "eth-" + story.witnesses[i].name;
            fact.after = "up, veth, mtu 1500";
            event.body = std::move(fact);
            story.environment.insert(story.environment.begin(), std::move(event));
        }
    }

    static constexpr std::uint64_t base_ns = 1'000'000'000'000;
    TraceInfo info_;
    std::vector<Event> events_;
    End end_;
    Segment look_;
    TcpState state_{};
    std::uint64_t now_ = base_ns;
    std::uint64_t cookie_ = 0;
    bool skip_cookie_ = false, configuration_known_ = true;
};

inline TraceBuilder trace() { return {}; }

}  // namespace tcpwitness
