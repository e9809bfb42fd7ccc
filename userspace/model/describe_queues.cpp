// What waits in a socket's queues, which options were set on it, and how it did over its life.
#include <sys/socket.h>

#include <fmt/format.h>

#include "base/text.h"
#include "model/describe_kinds.h"

namespace tcpwitness {

namespace {

const char* state_text(char state) {
    switch (state) {
        case 'R': return "runs";
        case 'S': return "sleeps";
        case 'D': return "waits uninterruptibly";
        case 'T': return "is stopped";
        case 't': return "is stopped by a debugger";
        case 'Z': return "is dead, not yet waited for";
        case 'I': return "is idle";
        default: return "is in state";
    }
}

}  // namespace

std::string process_text(const Queue& queue) {
    if (!queue.process_state) return {};
    std::string text = task_text(queue.task);
    if (queue.threads > 1) text += fmt::format(", {} threads,", queue.threads);
    text += fmt::format(" {} ({})", state_text(queue.process_state), printable(std::string(1, queue.process_state)));
    if (!queue.call.empty()) text += " in " + printable(queue.call);
    if (!queue.wait.empty()) text += fmt::format(", at {}", printable(queue.wait));
    return text;
}

}  // namespace tcpwitness

namespace tcpwitness::kinds {

namespace {

const char* what_name(Queue::What what) {
    switch (what) {
        case Queue::What::listener: return "listener";
        case Queue::What::receive: return "receive";
        case Queue::What::send: return "send";
        case Queue::What::counters: return "counters";
    }
    return "?";
}

std::string listener_text(const Queue& queue) {
    const std::string drops = count_text(queue.drops, "packet dropped", "packets dropped");
    std::string text = fmt::format("accept queue {} of {}{}", queue.accept_queue, queue.accept_max, queue.full() ? ", full" : "");
    if (queue.syn_queue) text += fmt::format(", {} half-open", queue.syn_queue);
    // The counter grows with whatever the listener throws away: a RST in a handshake, a SYN that it has no route to answer, a bad checksum.
    if (!queue.drops) return text;
    return queue.full() ? text + ", " + drops : fmt::format("{} by the listener since the last look, the counter does not tell why; {} now", drops, text);
}

std::string receive_text(const Queue& queue) {
    return fmt::format("{} unread{}{}", count_text(queue.unread, "byte", "bytes"), queue.window_closed ? ", window closed" : "",
                       queue.accepted ? "" : ", not accepted by any process");
}

std::string send_text(const Queue& queue) {
    std::string text = fmt::format("{} unacknowledged", count_text(queue.unacknowledged, "byte", "bytes"));
    if (queue.window_closed) text += ", the peer's window is closed";
    if (queue.probes_out) text += ", " + count_text(queue.probes_out, "probe unanswered", "probes unanswered");
    if (queue.send_buffer_full) text += ", send buffer full";
    return text;
}

std::string counters_text(const Queue& queue) {
    std::string text;
    if (queue.overflows) text = count_text(queue.overflows, "accept queue overflow", "accept queue overflows");
    if (queue.syn_cookies) text += (text.empty() ? "" : ", ") + count_text(queue.syn_cookies, "SYN cookie sent", "SYN cookies sent");
    return text.empty() ? "no overflows any more" : text + " in this namespace";
}

std::string body_text(const Queue& queue) {
    switch (queue.what) {
        case Queue::What::listener: return listener_text(queue);
        case Queue::What::receive: return receive_text(queue);
        case Queue::What::send: return send_text(queue);
        case Queue::What::counters: return counters_text(queue);
    }
    return "?";
}

std::uint64_t lasted_ns(const Queue& queue, const Event& event) { return event.time_ns > queue.since_ns ? event.time_ns - queue.since_ns : 0; }

}  // namespace

Layer layer(const Queue&) { return Layer::tcp; }

bool noteworthy(const Queue& queue, const Event&) {
    return (queue.drops && queue.full()) || queue.overflows || queue.syn_cookies || (!queue.over && (queue.full() || queue.what != Queue::What::listener));
}

std::string sentence(const Queue& queue, const Event& event) {
    std::string text = body_text(queue);
    if (queue.what == Queue::What::counters) return text;
    if (const std::uint64_t lasted = lasted_ns(queue, event); lasted >= 100'000'000)
        text += fmt::format(", {} {}", queue.over ? "over after" : "for", duration_text(lasted));
    if (queue.process_state) text += fmt::format("; {}", process_text(queue));
    return text;
}

void add_fields(std::vector<Field>& to, const Queue& queue, const Event& event) {
    add(to, "queue", what_name(queue.what));
    switch (queue.what) {
        case Queue::What::listener:
            add(to, "accept_queue", queue.accept_queue);
            add(to, "accept_queue_max", queue.accept_max);
            add(to, "syn_queue", queue.syn_queue);
            add(to, "dropped_packets", queue.drops);
            break;
        case Queue::What::receive:
            add(to, "unread_bytes", queue.unread);
            add(to, "receive_window_bytes", queue.receive_window);
            add(to, "receive_buffer_bytes", queue.receive_buffer);
            add(to, "window_closed", queue.window_closed);
            add(to, "accepted", queue.accepted);
            break;
        case Queue::What::send:
            add(to, "unacknowledged_bytes", queue.unacknowledged);
            add(to, "send_window_bytes", queue.send_window);
            add(to, "send_buffer_bytes", queue.send_buffer);
            add(to, "window_closed", queue.window_closed);
            add(to, "send_buffer_full", queue.send_buffer_full);
            add(to, "probes_out", queue.probes_out);
            break;
        case Queue::What::counters:
            add(to, "accept_queue_overflows", queue.overflows);
            add(to, "syn_cookies", queue.syn_cookies);
            break;
    }
    add(to, "lasted_ns", lasted_ns(queue, event));
    add(to, "over", queue.over);
    add_task(to, queue.task);
    if (queue.process_state) {
        add(to, "process_state", std::string(1, queue.process_state));
        add(to, "process_threads", queue.threads);
    }
    if (!queue.call.empty()) add(to, "process_call", queue.call);
    if (!queue.wait.empty()) add(to, "process_waits_in", queue.wait);
}

Layer layer(const SocketOption&) { return Layer::app; }

bool noteworthy(const SocketOption& option, const Event&) { return option.ret < 0 || option.tells_error(); }

std::string sentence(const SocketOption& option, const Event&) {
    if (option.tells_error()) return fmt::format("getsockopt(fd {}, SO_ERROR) told {}", option.fd, error_text(option.value));
    std::string value = std::to_string(option.value);
    if (option.is(SOL_SOCKET, SO_LINGER)) value = option.value ? fmt::format("on, {} s", option.linger_s) : "off";
    const std::string result = option.ret < 0 ? error_text(errno_of(option.ret)) : std::to_string(option.ret);
    return fmt::format("setsockopt(fd {}, {}, {}) = {}", option.fd, name(option), value, result);
}

void add_fields(std::vector<Field>& to, const SocketOption& option, const Event&) {
    add(to, "fd", option.fd);
    add(to, "level", option.level == SOL_SOCKET ? "SOL_SOCKET" : "IPPROTO_TCP");
    add(to, "option", name(option));
    add(to, "value", option.value);
    if (option.is(SOL_SOCKET, SO_LINGER)) add(to, "linger_s", option.linger_s);
    add(to, "result", option.ret);
    if (option.ret < 0) add(to, "error.type", errno_name(errno_of(option.ret)));
    if (option.tells_error()) add(to, "error.type", errno_name(option.value));
    if (option.task.known()) {
        add(to, "process.pid", option.task.pid);
        add(to, "thread.id", option.task.tid);
    }
}

std::string limits_text(const Destroy& totals) {
    constexpr std::uint32_t worth_telling_ms = 1000;
    const auto text = [](std::uint32_t ms) { return duration_text(std::uint64_t{ms} * 1'000'000); };
    if (totals.rwnd_limited_ms < worth_telling_ms && totals.sndbuf_limited_ms < worth_telling_ms) return {};
    return fmt::format(", busy {}, of that {} limited by the peer's window and {} by its own send buffer", text(totals.busy_ms), text(totals.rwnd_limited_ms),
                       text(totals.sndbuf_limited_ms));
}

void add_totals(std::vector<Field>& to, const Destroy& totals) {
    add(to, "acked_bytes", totals.bytes_acked);
    add(to, "received_bytes", totals.bytes_received);
    add(to, "sent_segments", totals.segs_out);
    add(to, "received_segments", totals.segs_in);
    add(to, "retransmitted_segments", totals.total_retrans);
    add(to, "rttvar_us", totals.rttvar_us);
    add(to, "busy_ms", totals.busy_ms);
    add(to, "rwnd_limited_ms", totals.rwnd_limited_ms);
    add(to, "sndbuf_limited_ms", totals.sndbuf_limited_ms);
}

Layer layer(const Sample&) { return Layer::tcp; }

bool noteworthy(const Sample&, const Event&) { return false; }

std::string sentence(const Sample& sample, const Event& event) {
    return fmt::format("sample: srtt {:.1f} ms, rttvar {:.1f} ms, cwnd {}, {} acked, {} received, {}{}{}", sample.tcp.srtt_us / 1e3,
                       sample.totals.rttvar_us / 1e3, sample.tcp.snd_cwnd, count_text(sample.totals.bytes_acked, "byte", "bytes"),
                       sample.totals.bytes_received, count_text(sample.totals.total_retrans, "retransmit", "retransmits"),
                       limits_text(sample.totals), backlog_text(sample.tcp, event.state));
}

void add_fields(std::vector<Field>& to, const Sample& sample, const Event& event) {
    add_totals(to, sample.totals);
    add(to, "unsent_bytes", sample.unsent);
    add(to, "snd_ssthresh", sample.snd_ssthresh);
    add(to, "send_window_bytes", sample.send_window);
    add(to, "receive_window_bytes", sample.receive_window);
    add_numbers(to, sample.tcp, event.state);
}

}  // namespace tcpwitness::kinds
