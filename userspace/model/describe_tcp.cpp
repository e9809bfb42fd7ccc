// What the stack did in its daily work: states, timers, sockets that were there or went.
#include <fmt/format.h>

#include "base/text.h"
#include "model/describe_kinds.h"

namespace tcpwitness::kinds {

Layer layer(const StateChange&) { return Layer::tcp; }

bool noteworthy(const StateChange&, const Event&) { return false; }

std::string sentence(const StateChange& change, const Event&) {
    std::string text = fmt::format("state {} -> {}", name(change.from), name(change.to));
    if (change.to == TcpState::listen) text += fmt::format(", accept queue holds {}", change.backlog);
    if (change.isn) text += fmt::format(", SYN seq {}", *change.isn);
    if (change.soft_error) text += ", soft error " + error_text(change.soft_error);
    return text;
}

void add_fields(std::vector<Field>& to, const StateChange& change, const Event&) {
    add(to, "from", name(change.from));
    add(to, "to", name(change.to));
    if (change.to == TcpState::listen) add(to, "accept_queue_max", change.backlog);
    if (change.isn) add(to, "isn", *change.isn);
    if (change.soft_error) add(to, "soft_error", errno_name(change.soft_error));
    if (change.pid) {
        add(to, "current_pid", change.pid);
        add(to, "current_tid", change.tid);
    }
}

namespace {

const char* timer_title(Timer::Which which) {
    switch (which) {
        case Timer::Which::rto: return "RTO timer";
        case Timer::Which::zero_window_probe: return "zero-window probe timer";
        case Timer::Which::loss_probe: return "loss probe timer";
        case Timer::Which::reordering: return "reordering timer";
        case Timer::Which::keepalive: return "keepalive timer";
        case Timer::Which::none: break;
    }
    return "retransmit timer";
}

}  // namespace

Layer layer(const Timer&) { return Layer::tcp; }

/// The kernel lets the timer run on when an ACK has made it pointless; then nothing is pending when it fires.
bool noteworthy(const Timer& timer, const Event&) {
    if (timer.what != Timer::What::fired) return false;
    return timer.which == Timer::Which::rto || timer.which == Timer::Which::zero_window_probe || (timer.which == Timer::Which::keepalive && timer.retransmits);
}

std::string sentence(const Timer& timer, const Event&) {
    const char* title = timer_title(timer.which);
    if (timer.what == Timer::What::armed) return fmt::format("{} armed, fires in {} ms", title, timer.timeout_ms);
    if (timer.which == Timer::Which::none) return fmt::format("{} fired, nothing was pending", title);
    if (timer.which == Timer::Which::keepalive)
        return fmt::format("{} fired after {} ms without traffic, {} unanswered", title, timer.timeout_ms, count_text(timer.retransmits, "probe", "probes"));
    if (timer.which != Timer::Which::rto) return fmt::format("{} fired", title);
    return fmt::format("{} fired, round {}, rto {} ms", title, timer.retransmits + 1, timer.rto_us / 1000);
}

void add_fields(std::vector<Field>& to, const Timer& timer, const Event&) {
    add(to, "timer", timer_name(timer.which));
    add(to, "what", timer.what == Timer::What::armed ? "armed" : "fired");
    add(to, "timeout_ms", timer.timeout_ms);
    add(to, "rto_us", timer.rto_us);
    add(to, "srtt_us", timer.srtt_us);
    add(to, "snd_una", timer.snd_una);
    add(to, "retransmits", timer.retransmits);
    add(to, "backoff", timer.backoff);
}

Layer layer(const Destroy&) { return Layer::tcp; }

bool noteworthy(const Destroy&, const Event&) { return false; }

/// A socket whose connect failed is disconnected before it is destroyed, which sets its counters back: 0 retransmits says nothing.
std::string sentence(const Destroy& destroy, const Event&) {
    if (!destroy.totals_told) return "socket destroyed";
    std::string text = fmt::format("socket destroyed: {} acked, {} received", count_text(destroy.bytes_acked, "byte", "bytes"), destroy.bytes_received);
    if (destroy.total_retrans) text += ", " + count_text(destroy.total_retrans, "retransmit", "retransmits");
    return text + limits_text(destroy);
}

void add_fields(std::vector<Field>& to, const Destroy& destroy, const Event&) {
    if (!destroy.totals_told) return;
    add_totals(to, destroy);
    add(to, "srtt_us", destroy.srtt_us);
    add(to, "snd_cwnd", destroy.snd_cwnd);
}

Layer layer(const Snapshot&) { return Layer::tcp; }

bool noteworthy(const Snapshot&, const Event&) { return false; }

std::string sentence(const Snapshot& snapshot, const Event& event) {
    std::string text = fmt::format("found when the recording began: {}", name(event.state));
    if (snapshot.fd >= 0) text += fmt::format(", fd {}", snapshot.fd);
    if (snapshot.task.known())
        text += fmt::format(" of {}", task_text(snapshot.task));
    else
        text += ", open in no process";
    if (event.state == TcpState::listen) return text + fmt::format(", accept queue {} of {}", snapshot.accept_queue, snapshot.accept_max);
    return text + backlog_text(snapshot.tcp, event.state);
}

void add_fields(std::vector<Field>& to, const Snapshot& snapshot, const Event& event) {
    if (snapshot.fd >= 0) add(to, "fd", snapshot.fd);
    add_task(to, snapshot.task);
    if (event.state == TcpState::listen) {
        add(to, "accept_queue", snapshot.accept_queue);
        add(to, "accept_queue_max", snapshot.accept_max);
    } else {
        add_numbers(to, snapshot.tcp, event.state);
    }
}

}  // namespace tcpwitness::kinds
