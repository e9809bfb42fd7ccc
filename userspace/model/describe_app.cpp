// What the application did: its calls, and its end.
#include <cerrno>

#include <fmt/format.h>

#include "base/text.h"
#include "model/describe_kinds.h"

namespace tcpwitness::kinds {

namespace {

const char* how_text(std::int32_t how) {
    static constexpr const char* names[] = {"SHUT_RD", "SHUT_WR", "SHUT_RDWR"};
    return how >= 0 && how <= 2 ? names[how] : "?";
}

/// "connect(fd 5)", "listen(fd 3, backlog 128)"; socket and accept name the new descriptor as their result instead.
std::string call_text(const Call& call) {
    std::string arguments;
    const bool makes_descriptor = call.op == Call::Op::socket || call.op == Call::Op::accept;
    const bool fd_is_result = makes_descriptor && call.phase == Call::Phase::exit && call.fd == call.ret;
    if (call.fd >= 0 && !fd_is_result) arguments = fmt::format("fd {}", call.fd);
    if (call.op == Call::Op::listen) arguments += fmt::format(", backlog {}", call.argument);
    if (call.op == Call::Op::shutdown) arguments += fmt::format(", {}", how_text(call.argument));
    return fmt::format("{}({})", name(call.op), arguments);
}

std::string place_text(const Call& call, const Event& event) {
    if (call.op == Call::Op::connect && event.flow.peer.port) return " to " + event.flow.peer.text();
    if (call.op == Call::Op::bind && (event.flow.local.port || !event.flow.local.address.unspecified()))
        return " to " + event.flow.local.text();
    if (call.op == Call::Op::accept && call.phase == Call::Phase::exit && call.ret >= 0 && event.flow.peer.port)
        return " from " + event.flow.peer.text();
    return {};
}

/// Not a failure: the call goes on in the background, or there was nothing to do yet.
bool only_not_ready(const Call& call) {
    const int error = errno_of(call.ret);
    return error == EINPROGRESS || error == EAGAIN || error == EINTR || error == EALREADY || error == EISCONN || error >= 512;
}

}  // namespace

Layer layer(const Call&) { return Layer::app; }

bool noteworthy(const Call& call, const Event&) {
    return call.phase == Call::Phase::exit && call.ret < 0 && !only_not_ready(call);
}

std::string sentence(const Call& call, const Event& event) {
    std::string text = call_text(call);
    if (call.phase == Call::Phase::enter) {
        text += place_text(call, event);
        if (call.nonblocking) text += ", non-blocking";
        if (call.unfinished) text += ", still inside the call when the recording ended";
        return text;
    }
    const bool makes_descriptor = call.op == Call::Op::socket || call.op == Call::Op::accept;
    if (call.ret < 0)
        text += " = " + error_text(errno_of(call.ret)) + status_text(call.status);
    else
        text += fmt::format(" = {}{}", makes_descriptor && call.fd >= 0 ? "fd " : "", call.ret);
    if (call.op == Call::Op::accept) text += place_text(call, event);
    if (call.op == Call::Op::accept && call.argument > 0) text += fmt::format(", {} before it failed and are not listed", count_text(static_cast<std::uint64_t>(call.argument), "call", "calls"));
    if (call.took_ns && (call.op == Call::Op::connect || call.took_ns >= 1'000'000)) text += " after " + duration_text(call.took_ns);
    return text;
}

void add_fields(std::vector<Field>& to, const Call& call, const Event&) {
    add(to, "call", name(call.op));
    add(to, "phase", call.phase == Call::Phase::enter ? "enter" : "exit");
    if (call.fd >= 0) add(to, "fd", call.fd);
    if (call.op == Call::Op::listen) add(to, "backlog", call.argument);
    if (call.op == Call::Op::shutdown) add(to, "how", how_text(call.argument));
    if (call.phase == Call::Phase::exit) {
        if (call.op == Call::Op::accept && call.argument > 0) add(to, "failed_before", call.argument);
        add(to, "result", call.ret);
        if (call.ret < 0) add(to, "error.type", errno_name(errno_of(call.ret)));
        if (!call.status.empty()) add(to, "status", call.status);
        if (call.took_ns) add(to, "took_ns", call.took_ns);
    }
    add(to, "nonblocking", call.nonblocking);
    if (call.unfinished) add(to, "unfinished", true);
    if (call.listener_cookie) add(to, "listener_socket_cookie", std::to_string(call.listener_cookie));
    add_task(to, call.task);
}

Layer layer(const ProcessExit&) { return Layer::app; }

bool noteworthy(const ProcessExit& exit, const Event&) { return exit.signal() != 0 || exit.status() != 0; }

std::string sentence(const ProcessExit& exit, const Event&) {
    const std::string how = exit.signal() ? signal_name(exit.signal()) : fmt::format("status {}", exit.status());
    return fmt::format("process {} exited: {}{}", task_text(exit.task), how, exit.out_of_memory ? ", chosen by the OOM killer" : "");
}

void add_fields(std::vector<Field>& to, const ProcessExit& exit, const Event&) {
    if (exit.signal())
        add(to, "signal", signal_name(exit.signal()));
    else
        add(to, "exit_status", exit.status());
    if (exit.out_of_memory) add(to, "out_of_memory", true);
    add_task(to, exit.task);
}

}  // namespace tcpwitness::kinds
