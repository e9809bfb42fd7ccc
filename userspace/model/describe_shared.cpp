// Words and numbers that several kinds of event share.
#include <algorithm>
#include <cstring>
#include <initializer_list>

#include <fmt/format.h>

#include "base/text.h"
#include "model/describe_kinds.h"

namespace tcpwitness::kinds {

namespace {

bool one_of(TcpState state, std::initializer_list<TcpState> states) {
    for (const TcpState each : states)
        if (each == state) return true;
    return false;
}

}  // namespace

std::string error_text(std::int32_t error) {
    // 512..516 are the kernel's own: it restarts the call, or turns them into EINTR, on the way back to the application.
    if (error >= 512 && error <= 516) return "interrupted by a signal";
    const char* description = strerrordesc_np(error);
    return description ? fmt::format("{} ({})", errno_name(error), description) : errno_name(error);
}

std::string status_text(const std::string& status) { return status.empty() ? "" : ", " + printable(status); }

std::string flags_text(std::uint8_t flags) {
    static constexpr struct {
        std::uint8_t bit;
        const char* name;
    } bits[] = {{tcp_flag::syn, "SYN"}, {tcp_flag::fin, "FIN"}, {tcp_flag::rst, "RST"}, {tcp_flag::psh, "PSH"}, {tcp_flag::ack, "ACK"}};
    std::string text;
    for (const auto& [bit, name] : bits) {
        if (!(flags & bit)) continue;
        if (!text.empty()) text += '-';
        text += name;
    }
    return text.empty() ? "no flags" : text;
}

const char* timer_name(Timer::Which which) {
    switch (which) {
        case Timer::Which::none: return "none";
        case Timer::Which::rto: return "rto";
        case Timer::Which::zero_window_probe: return "zero_window_probe";
        case Timer::Which::loss_probe: return "loss_probe";
        case Timer::Which::reordering: return "reordering";
        case Timer::Which::keepalive: return "keepalive";
    }
    return "?";
}

TcpNumbers within(TcpNumbers tcp, TcpState state) {
    if (tcp.state == TcpState::none) tcp.state = state;
    return tcp;
}

std::string backlog_text(const TcpNumbers& numbers, TcpState state) {
    if (!numbers.told) return {};
    if (one_of(state, {TcpState::none, TcpState::close, TcpState::listen, TcpState::syn_sent, TcpState::syn_recv, TcpState::new_syn_recv}))
        return {};
    const TcpNumbers tcp = within(numbers, state);
    std::string text = fmt::format(", {} unread, {} unacknowledged", count_text(tcp.unread(), "byte", "bytes"), tcp.unacknowledged());
    const std::uint32_t idle_ms = std::min(tcp.recv_idle_ms, tcp.send_idle_ms);
    if (idle_ms >= 1000) text += fmt::format(", idle {}", duration_text(idle_ms * std::uint64_t{1'000'000}));
    return text;
}

void add(std::vector<Field>& to, const char* name, bool value) { to.push_back({name, value}); }
void add(std::vector<Field>& to, const char* name, std::int64_t value) { to.push_back({name, value}); }
void add(std::vector<Field>& to, const char* name, std::uint64_t value) { to.push_back({name, value}); }
void add(std::vector<Field>& to, const char* name, std::string value) { to.push_back({name, std::move(value)}); }

void add_task(std::vector<Field>& to, const Task& task) {
    if (!task.known()) return;
    add(to, "process.pid", task.pid);
    add(to, "thread.id", task.tid);
    add(to, "process.command", task.comm);
    if (task.cgroup) add(to, "cgroup_id", task.cgroup);
}

void add_numbers(std::vector<Field>& to, const TcpNumbers& tcp, TcpState state) {
    static constexpr const char* congestion[] = {"open", "disorder", "cwr", "recovery", "loss"};
    if (!tcp.told) return;
    const TcpNumbers bytes = within(tcp, state);
    add(to, "unread_bytes", bytes.unread());
    add(to, "unacknowledged_bytes", bytes.unacknowledged());
    add(to, "recv_idle_ms", tcp.recv_idle_ms);
    add(to, "send_idle_ms", tcp.send_idle_ms);
    add(to, "srtt_us", tcp.srtt_us);
    add(to, "rto_us", tcp.rto_us);
    add(to, "snd_cwnd", tcp.snd_cwnd);
    add(to, "snd_una", tcp.snd_una);
    add(to, "snd_nxt", tcp.snd_nxt);
    add(to, "write_seq", tcp.write_seq);
    add(to, "rcv_nxt", tcp.rcv_nxt);
    add(to, "copied_seq", tcp.copied_seq);
    add(to, "retransmits", tcp.retransmits);
    add(to, "backoff", tcp.backoff);
    add(to, "probes_out", tcp.probes_out);
    add(to, "congestion_state", tcp.ca_state < std::size(congestion) ? congestion[tcp.ca_state] : "?");
    add(to, "pending_timer", timer_name(static_cast<Timer::Which>(tcp.pending)));
    add(to, "receive_shut_down", (tcp.shutdown & 1) != 0);
    add(to, "send_shut_down", (tcp.shutdown & 2) != 0);
    add(to, "closed_by_application", tcp.closed_by_application);
}

}  // namespace tcpwitness::kinds
