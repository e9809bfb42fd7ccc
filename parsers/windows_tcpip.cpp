#include "parsers/windows_tcpip.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "parsers/windows_values.h"

namespace tcpwitness::windows {

namespace {

/// Of what a stack knows about a connection, its lines tell next to nothing.
TcpNumbers untold() {
    TcpNumbers none;
    none.told = false;
    return none;
}

/// Two lines tell of one retransmission: one with its numbers, one with its addresses.
constexpr std::uint64_t one_retransmission_ns = 20'000'000;
/// A connection's end is told two or three times: why, with which status, and what connect() gets.
constexpr std::uint64_t one_reset_ns = 1'000'000'000;

constexpr std::string_view no_endpoint = "Transport endpoint was not found";

bool has(std::string_view text, Words words) { return words.find_in(text) != std::string_view::npos; }

std::uint32_t number32(std::string_view text, Words key) { return static_cast<std::uint32_t>(number_after(text, key).value_or(0)); }

/// Where the pointer of the connection stands that a line is about: "connection 0x...", "Connection 0x...", "Tcb 0x...", "Connection = 0x...".
std::optional<std::uint64_t> pointer_in(std::string_view said, std::string_view& behind) {
    static constexpr Words before[] = {"onnection ", "Tcb ", "onnection = "};
    for (const Words& word : before) {
        const auto at = after(said, word);
        if (!at || !(at->starts_with("0x") || at->starts_with("0X"))) continue;
        std::string_view digits = at->substr(2);
        const auto pointer = take_hexadecimal(digits);
        behind = skip_blanks(digits);
        return pointer;
    }
    return std::nullopt;
}

}  // namespace

Event& Tcpip::emit(Tcb& tcb, std::uint64_t time_ns, EventBody body) {
    Event& event = sockets_.emit(time_ns, tcb.life, std::move(body));
    event.state = tcb.state;
    return event;
}

bool Tcpip::take(const Line& line, std::uint64_t time_ns) {
    std::string_view said = line.body;
    if (said.starts_with("TCPIP:")) return take_drop(skip_blanks(said.substr(6)), time_ns);
    if (!said.starts_with("TCP:")) return false;
    said = skip_blanks(said.substr(4));
    if (said.starts_with("listener ")) return take_listener(said, line, time_ns);
    std::string_view behind;
    const auto pointer = pointer_in(said, behind);
    if (!pointer) return false;
    if (has(behind, " sent RST ") || behind.starts_with("sent RST ")) return take_reset_sent(behind, *pointer, time_ns);
    return take_connection(behind, *pointer, line, time_ns);
}

bool Tcpip::take_connection(std::string_view said, std::uint64_t pointer, const Line& line, std::uint64_t time_ns) {
    if (said.starts_with("transition from")) return take_transition(said, pointer, line, time_ns);
    Tcb* tcb = &sockets_.tcb(pointer);
    if (has(said, "requested to connect") && (tcb->destroyed || tcb->state != TcpState::none)) {
        if (tcb->state == TcpState::close || tcb->destroyed) tcb = &sockets_.new_tcb(pointer);
    }
    const auto addresses = said.starts_with("(local=") ? flow(said) : std::nullopt;
    const auto pid = number32(said, "PID = ");
    if (addresses) {
        packets_.is_local(addresses->local.address);
        packets_.is_peer(addresses->peer.address);
    }
    if (addresses || pid) sockets_.learn(*tcb, pointer, addresses.value_or(Flow{}), pid, time_ns);

    if (has(said, "going to output SYN with ISN")) {
        const auto isn = number_after(said, "ISN = ");
        if (!isn) return false;
        sockets_.learn_isn(static_cast<std::uint32_t>(*isn), pointer);
        if (tcb->syn) tcb->syn->as<StateChange>()->isn = static_cast<std::uint32_t>(*isn);
        return true;
    }
    if (has(said, " timer ")) return take_timer(said, *tcb, time_ns);
    if (has(said, "Retransmit round") || has(said, "retransmitting ") || has(said, "TailProbeSeq")) return take_again(said, *tcb, time_ns);
    if (has(said, "zero-window probing")) {
        tcb->probing = has(said, "Beginning");
        return true;
    }
    if (has(said, "send keep-alive")) {
        ++tcb->keepalives;
        return true;
    }
    if (said.find("exists. State = ") != std::string_view::npos) {
        tcb->state = state(*after(said, "State = "));
        Snapshot snapshot;
        snapshot.tcp = untold();
        snapshot.task = sockets_.task(tcb->pid);
        emit(*tcb, time_ns, std::move(snapshot));
        return true;
    }
    if (has(said, "released port number")) {
        if (tcb->state == TcpState::close) destroy(*tcb, time_ns);
        return true;
    }
    if (take_end(said, *tcb, time_ns)) return true;
    return addresses.has_value() || pid;  // it told who it is
}

bool Tcpip::take_transition(std::string_view said, std::uint64_t pointer, const Line& line, std::uint64_t time_ns) {
    const auto from_text = after(said, "from "), to_text = after(said, " to ");
    if (!from_text || !to_text) return false;
    const TcpState from = state(*from_text), to = state(*to_text);
    if (from == TcpState::none || to == TcpState::none) return false;
    Tcb* tcb = &sockets_.tcb(pointer);
    const bool begins = from == TcpState::close || from == TcpState::listen;
    if (begins && to != TcpState::close && (tcb->destroyed || tcb->state != TcpState::none)) tcb = &sockets_.new_tcb(pointer);
    tcb->state = to;
    if (to == TcpState::syn_recv) {
        // A connection that nobody has accepted yet is no socket elsewhere either: its packets tell of it.
        tcb->passive = tcb->half_open = true;
        if (const auto own = packets_.take_syn(time_ns)) sockets_.learn(*tcb, pointer, *own, 0, time_ns);
        return true;
    }
    if (from == TcpState::close && to == TcpState::close) return true;
    const bool was_half_open = std::exchange(tcb->half_open, false);
    if (was_half_open && to == TcpState::close) return true;
    StateChange change{from, to};
    if (to == TcpState::syn_sent) {
        change.pid = line.pid;
        change.tid = line.tid;
        sockets_.learn(*tcb, pointer, {}, line.pid, time_ns);
    }
    if (from == TcpState::syn_recv) tcb->passive = true;
    Event& event = emit(*tcb, time_ns, change);
    event.cpu = line.cpu;
    if (to == TcpState::syn_sent) tcb->syn = &event;
    if (to == TcpState::close && tcb->close_issued) destroy(*tcb, time_ns);
    return true;
}

bool Tcpip::take_timer(std::string_view said, Tcb& tcb, std::uint64_t time_ns) {
    Timer timer;
    timer.which = windows::timer(said);
    if (timer.which == Timer::Which::none) return false;
    if (timer.which == Timer::Which::rto && tcb.probing) timer.which = Timer::Which::zero_window_probe;
    const bool rto = timer.which == Timer::Which::rto;
    if (has(said, "timer started")) {
        timer.what = Timer::What::armed;
        timer.timeout_ms = number32(said, "expire in ");
        if (rto) tcb.scheduled_ms = timer.timeout_ms;
    } else if (has(said, "has expired")) {
        timer.what = Timer::What::fired;
        timer.timeout_ms = rto ? tcb.scheduled_ms : 0;
    } else {
        return false;
    }
    if (tcb.half_open) return true;
    // What Windows calls RTO has another unit in each version; for how long it armed the timer is told in words.
    if (rto) timer.rto_us = timer.timeout_ms * 1000;
    timer.retransmits = static_cast<std::uint8_t>(std::min<std::uint32_t>(rto ? tcb.rounds : tcb.keepalives, 255));
    emit(tcb, time_ns, timer);
    return true;
}

/// "Send Retransmit round" and "retransmitting connect attempt" are one; the later line adds what the first did not say.
bool Tcpip::take_again(std::string_view said, Tcb& tcb, std::uint64_t time_ns) {
    if (has(said, "TailProbeSeq")) {
        send_again(tcb, Retransmit::What::loss_probe, number32(said, "TailProbeSeq = "), number32(said, "TailProbeLast = "), 0, time_ns);
        return true;
    }
    const bool with_numbers = has(said, "Retransmit round");
    const std::uint32_t round = with_numbers ? number32(said, "Round = ") : number32(said, "RexmitCount = ");
    const std::uint32_t seq = number32(said, "SndUna = ");
    if (tcb.again && time_ns - tcb.again_ns <= one_retransmission_ns) {
        Retransmit* const known = tcb.again->as<Retransmit>();
        if (known && with_numbers && !known->seq) {
            known->seq = seq;
            known->end_seq = seq + (known->end_seq ? 1 : 0);
        }
        tcb.again = nullptr;
        return true;
    }
    tcb.rounds = round;
    const bool syn = tcb.state == TcpState::syn_sent || has(said, "connect attempt");
    send_again(tcb, syn ? Retransmit::What::syn : Retransmit::What::rto, seq, syn && seq ? seq + 1 : seq, round, time_ns);
    return true;
}

void Tcpip::send_again(Tcb& tcb, Retransmit::What what, std::uint32_t seq, std::uint32_t end_seq, std::uint32_t round, std::uint64_t time_ns) {
    if (tcb.half_open) {
        SynAckRetransmit again;
        again.sent_isn = seq;
        again.retransmits = static_cast<std::uint8_t>(std::min<std::uint32_t>(round, 255));
        again.timeout_ms = tcb.scheduled_ms;
        Flow& known = sockets_.flow(tcb.life);
        packets_.find_syn_ack(seq, known, again.received_isn);
        if (!known.complete()) return;
        tcb.again = &emit(tcb, time_ns, again);
        tcb.again->cookie = 0;
        tcb.again_ns = time_ns;
        return;
    }
    Retransmit again;
    again.tcp = untold();
    again.what = what;
    again.seq = again.tcp.snd_una = seq;
    again.end_seq = end_seq;
    again.tcp.snd_nxt = again.tcp.write_seq = end_seq;
    again.tcp.retransmits = static_cast<std::uint8_t>(std::min<std::uint32_t>(round, 255));
    again.tcp.rto_us = tcb.scheduled_ms * 1000;
    tcb.again = &emit(tcb, time_ns, again);
    tcb.again_ns = time_ns;
}

bool Tcpip::take_end(std::string_view said, Tcb& tcb, std::uint64_t time_ns) {
    if (has(said, "received RST")) {
        if (tcb.half_open) return true;  // its packets tell
        emit(tcb, time_ns, ResetReceived{untold()});
        return true;
    }
    if (has(said, "retransmission timeout expired") || has(said, "keep-alive timeout expired") || has(said, "window probe timeout expired") ||
        has(said, "connect-request timeout expired")) {
        fail(tcb, ETIMEDOUT, {}, time_ns);
        return true;
    }
    if (has(said, "abort issued")) {
        if (tcb.state == TcpState::close || tcb.state == TcpState::syn_sent || tcb.half_open) return true;
        ResetSent reset;
        reset.tcp = untold();
        reset.reason = "abort issued";
        reset.has_socket = reset.inferred = true;
        reset.task = sockets_.task(tcb.pid);
        tcb.reset = &emit(tcb, time_ns, std::move(reset));
        tcb.reset_ns = time_ns;
        return true;
    }
    static constexpr Words before_status[] = {"shutdown initiated (", "connect attempt failed with status = ", "lookup status = ", "inspection status = ",
                                              "inspect status = ", "port-acquisition status = ", "insertion status = "};
    for (const Words& key : before_status) {
        const auto told = after(said, key);
        if (!told) continue;
        Status end = windows::status(*told);
        const bool both_closed = tcb.state == TcpState::time_wait || tcb.state == TcpState::last_ack || tcb.state == TcpState::closing ||
                                 tcb.state == TcpState::fin_wait2 || tcb.state == TcpState::close_wait;
        if (end.error && !(both_closed && end.error != ETIMEDOUT)) fail(tcb, end.error, std::move(end.text), time_ns);
        return true;
    }
    return false;
}

/// One error for each end of a connection: what comes later only adds its name.
void Tcpip::fail(Tcb& tcb, std::int32_t error, std::string status, std::uint64_t time_ns) {
    if (tcb.half_open) return;
    if (tcb.error) {
        SocketError& known = *tcb.error->as<SocketError>();
        if (known.status.empty() && known.error == error) known.status = std::move(status);
        return;
    }
    SocketError failed;
    failed.tcp = untold();
    failed.error = error;
    failed.status = std::move(status);
    if (tcb.keepalives) failed.tcp.probes_out = static_cast<std::uint8_t>(std::min<std::uint32_t>(tcb.keepalives, 255));
    tcb.error = &emit(tcb, time_ns, std::move(failed));
}

void Tcpip::destroy(Tcb& tcb, std::uint64_t time_ns) {
    if (tcb.destroyed) return;
    tcb.destroyed = true;
    Destroy gone;
    gone.totals_told = false;
    emit(tcb, time_ns, gone);
}

bool Tcpip::take_listener(std::string_view said, const Line& line, std::uint64_t time_ns) {
    if (has(said, "accept completed")) {
        const auto pointer = number_after(said, "TCB = ");
        const auto addresses = flow(said);
        if (!pointer || !addresses) return false;
        Tcb& tcb = sockets_.tcb(*pointer);
        tcb.passive = true;
        packets_.is_local(addresses->local.address);
        sockets_.learn(tcb, *pointer, *addresses, number32(said, "PID = "), time_ns);
        return true;
    }
    const bool activated = has(said, " activated."), unbound = has(said, " unbound.");
    const auto local = endpoint_after(said, "(sockaddr=");
    if (!local || (!activated && !unbound)) return false;
    const AfdEndpoint* const socket = sockets_.bound_to(*local);
    const auto pointer = number_after(said, "listener ");
    if (!pointer) return false;
    Tcb& tcb = activated ? sockets_.new_tcb(*pointer) : sockets_.tcb(*pointer);
    sockets_.flow(tcb.life).local = *local;
    if (socket) sockets_.same(tcb.life, socket->life);
    StateChange change{activated ? TcpState::close : TcpState::listen, activated ? TcpState::listen : TcpState::close};
    if (activated) {
        change.pid = line.pid;
        change.tid = line.tid;
        if (socket) change.backlog = socket->backlog;
    }
    tcb.state = change.to;
    emit(tcb, time_ns, change);
    if (unbound) destroy(tcb, time_ns);
    return true;
}

/// "Transport (Protocol TCP , AddressFamily = IPV4 ) sent RST with Local = A:P, Remote = A:P. Reason = Connection aborted ."
bool Tcpip::take_reset_sent(std::string_view said, std::uint64_t pointer, std::uint64_t time_ns) {
    const auto local = endpoint_after(said, "Local = "), peer = endpoint_after(said, "Remote = ");
    const auto why = after(said, "Reason = ");
    if (!local || !peer || !why) return false;
    tells_resets_ = true;
    ResetSent reset;
    reset.tcp = untold();
    reset.reason = value(*why);
    if (!pointer) {
        answer_without_socket({*local, *peer}, reset.reason, true, time_ns);
        return true;
    }
    Tcb& tcb = sockets_.tcb(pointer);
    sockets_.learn(tcb, pointer, {*local, *peer}, 0, time_ns);
    if (tcb.reset && time_ns - tcb.reset_ns <= one_reset_ns) {  // the abort that it comes from
        ResetSent& known = *tcb.reset->as<ResetSent>();
        known.reason = std::move(reset.reason);
        known.inferred = false;
        tcb.reset = nullptr;
        return true;
    }
    reset.has_socket = true;
    reset.task = sockets_.task(tcb.pid);
    emit(tcb, time_ns, std::move(reset));
    return true;
}

/// Windows tells a segment without socket as a drop, and from some version on the RST that answers it besides.
void Tcpip::answer_without_socket(const Flow& own, std::string_view reason, bool told, std::uint64_t time_ns) {
    if (bare_ && bare_->flow == own && time_ns - bare_->time_ns <= one_reset_ns && bare_->as<ResetSent>()->inferred == told) {
        ResetSent& known = *bare_->as<ResetSent>();
        known.reason = "NO_SOCKET";
        known.inferred = false;
        bare_ = nullptr;
        return;
    }
    ResetSent reset;
    reset.tcp = untold();
    reset.reason = reason;
    reset.inferred = !told;
    packets_.answer(reset, own, time_ns);
    bare_ = &sockets_.emit(time_ns, 0, std::move(reset));
    bare_->flow = own;
    if (!told) guessed_.push_back(bare_);
}

/// A Windows that tells its RSTs and told none here sent none: its firewall hides that nobody listens.
void Tcpip::finish() {
    if (!tells_resets_) return;
    for (Event* event : guessed_) {
        const ResetSent& reset = *event->as<ResetSent>();
        if (!reset.inferred) continue;
        Drop drop;
        drop.reason = reset.reason;
        drop.flags = reset.segment_flags;
        drop.seq = reset.seq;
        drop.ack = reset.ack;
        event->body = std::move(drop);
    }
}

/// "Transport (Protocol TCP, AddressFamily = IPV4) dropped 1 (0x1) packet(s) with Source = A:P, Destination = A:P. Reason = ..."
bool Tcpip::take_drop(std::string_view said, std::uint64_t time_ns) {
    if (!said.starts_with("Transport ") || !has(said, "TCP") || !has(said, " dropped ")) return false;
    const auto source = endpoint_after(said, "Source = "), destination = endpoint_after(said, "Destination = ");
    const auto why = after(said, "Reason = ");
    if (!source || !destination || !why || !source->port || !destination->port) return false;
    const bool outgoing = has(said, "Direction = 0") || has(said, "(Send)");
    // Some versions call the own end the source of what came in: the packet that was seen just before tells.
    const bool own_is_source = outgoing || (packets_.just_seen(*destination, *source, time_ns) && !packets_.just_seen(*source, *destination, time_ns));
    const Flow own = own_is_source ? Flow{*source, *destination} : Flow{*destination, *source};
    packets_.is_local(own.local.address);
    // "9(Inspection drop)", "Transport endpoint was not found"
    std::string_view reason = *why;
    if (const auto open = reason.find('('); open != std::string_view::npos && number(reason)) reason = reason.substr(open + 1);
    reason = value(reason.substr(0, reason.find(". ")));
    if (reason == no_endpoint && !outgoing) {
        answer_without_socket(own, "NO_SOCKET", false, time_ns);
        return true;
    }
    Drop drop;
    drop.reason = reason;
    drop.outgoing = outgoing;
    packets_.describe(drop, own, time_ns);
    Event& event = sockets_.emit(time_ns, 0, std::move(drop));
    event.flow = own;
    return true;
}

}  // namespace tcpwitness::windows
