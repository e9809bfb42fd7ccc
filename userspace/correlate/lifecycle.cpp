#include "correlate/lifecycle.h"

#include <algorithm>
#include <cerrno>

namespace tcpwitness {

namespace {

constexpr std::size_t max_users = 64;
constexpr std::int32_t first_restart_code = 512;  // ERESTARTSYS: the kernel's own, a signal interrupted the call
constexpr std::int32_t last_restart_code = 516;

std::uint32_t signs_of_state(TcpState state) {
    switch (state) {
        case TcpState::syn_sent: return sign::syn_sent;
        case TcpState::established: return sign::established;
        case TcpState::fin_wait1:
        case TcpState::fin_wait2: return sign::established | sign::local_closed;
        case TcpState::close_wait: return sign::established | sign::peer_closed;
        case TcpState::last_ack:
        case TcpState::closing:
        case TcpState::time_wait: return sign::established | sign::local_closed | sign::peer_closed;
        default: return 0;
    }
}

void take(Connection& c, const Event& event, const Call& call) {
    const bool exit = call.phase == Call::Phase::exit;
    switch (call.op) {
        case Call::Op::socket: note_task(c, call.task, owner_rank::seen); break;
        case Call::Op::bind:
            note_task(c, call.task, owner_rank::bound);
            if (exit && call.ret < 0) c.signs |= sign::bind_failed;
            break;
        case Call::Op::listen:
            note_task(c, call.task, owner_rank::caller);
            if (exit && call.ret == 0) c.role = Role::listener;
            break;
        case Call::Op::connect:
            note_task(c, call.task, owner_rank::caller);
            c.signs |= sign::connect_called;
            if (c.role == Role::unknown) c.role = Role::client;
            if (exit && !call.unfinished && !c.has(sign::established) && final_connect_error(call.ret)) {
                c.error = -call.ret;
                c.signs |= sign::error;
            }
            break;
        case Call::Op::accept:
            note_task(c, call.task, owner_rank::caller);
            if (!c.is_listener() && exit && call.ret >= 0) {
                c.accepted = true;
                c.role = Role::server;
                c.signs |= sign::established;
                if (!c.established_ns && !c.preexisting) c.established_ns = event.time_ns;
            }
            break;
        case Call::Op::shutdown: note_task(c, call.task, owner_rank::seen); break;
    }
}

Task caller_of(const StateChange& change) {
    Task task;
    task.pid = change.pid;
    task.tid = change.tid;
    return task;
}

void take(Connection& c, const Event& event, const StateChange& change) {
    c.state = change.to;
    c.signs |= signs_of_state(change.from) | signs_of_state(change.to);
    switch (change.to) {
        case TcpState::syn_sent:
            c.role = Role::client;
            if (change.isn && !c.local_isn) c.local_isn = change.isn;
            note_task(c, caller_of(change), owner_rank::seen);
            break;
        case TcpState::listen:
            c.role = Role::listener;
            note_task(c, caller_of(change), owner_rank::seen);
            break;
        case TcpState::established:
            if (c.role == Role::unknown) c.role = change.from == TcpState::syn_recv ? Role::server : Role::client;
            if (!c.established_ns) c.established_ns = event.time_ns;
            break;
        case TcpState::close:
            if (change.from != TcpState::close) c.signs |= sign::ended;
            break;
        default: break;
    }
}

void take(Connection& c, const Event& event, const Snapshot& snapshot) {
    if (c.events.empty()) c.preexisting = true;  // the snapshot is taken while the recording runs already
    c.state = event.state;
    c.signs |= signs_of_state(event.state);
    if (event.state == TcpState::listen) c.role = Role::listener;
    note_task(c, snapshot.task, owner_rank::seen);
}

void take(Connection& c, const Event&, const Retransmit& retransmit) {
    c.signs |= sign::retransmit;
    if (retransmit.what != Retransmit::What::syn) return;
    c.signs |= sign::syn_retransmit;
    if (!c.local_isn) c.local_isn = retransmit.seq;
}

void take(Connection& c, const Event&, const SynAckRetransmit& retransmit) {
    c.signs |= sign::syn_ack_retransmit;
    if (!c.local_isn) c.local_isn = retransmit.sent_isn;
    if (!c.peer_isn && retransmit.received_isn) c.peer_isn = retransmit.received_isn;
}

void take(Connection& c, const Event&, const SocketError& error) {
    c.signs |= sign::error;
    if (c.error == 0) c.error = error.error;
}

void take(Connection& c, const Event&, const ResetReceived&) {
    c.signs |= c.both_closed() ? sign::late_reset : sign::reset_received;
}

void take(Connection& c, const Event&, const ResetSent& reset) {
    if (reset.firewall_hook) return;  // the socket had no part in it
    const bool answers_syn = (reset.segment_flags & (tcp_flag::syn | tcp_flag::ack | tcp_flag::rst)) == tcp_flag::syn;
    if (c.embryonic && !c.has(sign::syn_ack_out | sign::syn_ack_retransmit) && !reset.has_socket && answers_syn)
        c.signs |= sign::knock | sign::ended;
    else
        c.signs |= c.both_closed() ? sign::late_reset : sign::reset_sent;
}

void take(Connection& c, const Event&, const Segment& segment) {
    if (segment.rst()) {
        if (c.both_closed()) c.signs |= sign::late_reset;
        c.signs |= segment.outgoing ? sign::rst_out : sign::rst_in;
        if (c.embryonic && !segment.outgoing) {
            c.state = TcpState::close;
            c.signs |= sign::ended;
        }
        return;
    }
    if (segment.fin()) c.signs |= segment.outgoing ? sign::fin_out : sign::fin_in;
    if (segment.syn()) {
        auto& isn = segment.outgoing ? c.local_isn : c.peer_isn;
        if (!isn) isn = segment.seq;
        c.signs |= segment.outgoing ? sign::syn_out : sign::syn_in;
        if (c.embryonic && !segment.outgoing && !c.has(sign::knock)) {  // a SYN again after a RST: the handshake starts once more
            c.state = TcpState::new_syn_recv;
            c.signs &= ~sign::ended;
        }
    } else if (segment.syn_ack()) {
        auto& isn = segment.outgoing ? c.local_isn : c.peer_isn;
        if (isn && *isn != segment.seq && !segment.outgoing) c.signs |= sign::other_answer;
        if (!isn) isn = segment.seq;
        c.signs |= segment.outgoing ? sign::syn_ack_out : sign::syn_ack_in;
    }
}

void take(Connection& c, const Event&, const Destroy&) {
    c.signs |= sign::destroyed | sign::ended;
    c.state = TcpState::close;
}

void take(Connection& c, const Event&, const Queue& queue) {
    if (c.events.empty()) c.preexisting = true;
    if (queue.what == Queue::What::listener) c.role = Role::listener;
    c.signs |= sign::waited;
}

void take(Connection& c, const Event&, const SocketOption& option) {
    note_task(c, option.task, owner_rank::seen);
    if (!option.tells_error()) return;
    c.signs |= sign::error;
    if (c.error == 0) c.error = option.value;
}

void take(Connection& c, const Event& event, const Sample&) {
    if (c.events.empty()) c.preexisting = true;
    c.signs |= signs_of_state(event.state);
}

void take(Connection& c, const Event&, const Drop&) { c.signs |= sign::dropped; }

void take(Connection& c, const Event&, const Icmp& icmp) {
    if (!icmp.outgoing) c.signs |= sign::icmp_error;
}

void take(Connection& c, const Event&, const Route& route) {
    c.signs |= sign::no_route;
    note_task(c, route.task, owner_rank::seen);
}

void take(Connection&, const Event&, const Neighbour&) {}
void take(Connection& c, const Event&, const Timer& timer) {
    if (timer.what == Timer::What::fired && timer.which == Timer::Which::zero_window_probe) c.signs |= sign::probed;
}

void take(Connection&, const Event&, const ProcessExit&) {}
void take(Connection&, const Event&, const Gap&) {}
void take(Connection&, const Event&, const Repeats&) {}
void take(Connection&, const Event&, const Environment&) {}
void take(Connection&, const Event&, const Message&) {}

bool learn(Endpoint& known, const Endpoint& news) {
    bool learnt = false;
    if (known.address.unspecified() && !news.address.unspecified()) {
        known.address = news.address;
        learnt = true;
    } else if (known.address.family == Address::Family::none) {
        known.address = news.address;  // at least which kind of wildcard
    }
    if (known.port == 0 && news.port != 0) {
        known.port = news.port;
        learnt = true;
    }
    return learnt;
}

}  // namespace

bool final_connect_error(std::int32_t ret) {
    const std::int32_t error = -ret;
    return ret < 0 && error != EINPROGRESS && error != EALREADY && error != EINTR && error != EISCONN && error != EAGAIN
           && !(error >= first_restart_code && error <= last_restart_code);
}

void take_facts(Connection& c, const Event& event) {
    if (c.state == TcpState::none) c.state = event.state;
    std::visit([&](const auto& body) { take(c, event, body); }, event.body);
}

bool learn_flow(Connection& c, const Flow& flow) {
    const bool was_complete = c.flow.complete() && !c.flow.local.address.unspecified();
    if (was_complete) return false;
    learn(c.flow.local, flow.local);
    if (!c.is_listener()) learn(c.flow.peer, flow.peer);
    return c.flow.complete() && !c.flow.local.address.unspecified();
}

void note_task(Connection& c, const Task& task, std::uint8_t rank) {
    if (!task.known()) return;
    if (c.owner.pid == task.pid) {
        if (c.owner.comm.empty()) c.owner = task;
        c.owner_rank = std::max(c.owner_rank, rank);
        return;
    }
    const auto add_user = [&](const Task& user) {
        const auto same = std::find_if(c.users.begin(), c.users.end(), [&](const Task& one) { return one.pid == user.pid; });
        if (same == c.users.end() && c.users.size() < max_users) c.users.push_back(user);
    };
    if (rank <= c.owner_rank) return add_user(task);
    if (c.owner.known()) add_user(c.owner);
    std::erase_if(c.users, [&](const Task& one) { return one.pid == task.pid; });
    c.owner = task;
    c.owner_rank = rank;
}

}  // namespace tcpwitness
