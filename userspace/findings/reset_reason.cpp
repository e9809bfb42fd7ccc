#include "findings/reset_reason.h"

#include <sys/socket.h>

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "findings/facts.h"

namespace tcpwitness {

namespace {

/// A FIN, of which only a packet or a state tells here, has a number as a byte has.
std::uint32_t unread_bytes(const Connection& c, const TcpNumbers& tcp) {
    const std::uint32_t unread = tcp.unread();
    return unread > 0 && c.has(sign::peer_closed | sign::fin_in) && !fin_received(tcp.state) ? unread - 1 : unread;
}

/// setsockopt(SO_LINGER, 0) was seen, and nothing after it that takes it back.
bool lingers(const Connection& c) {
    bool set = false;
    for (const Event& event : c.events)
        if (const SocketOption* option = event.as<SocketOption>(); option && option->is(SOL_SOCKET, SO_LINGER) && option->ret == 0) set = option->value && option->linger_s == 0;
    return set;
}

bool one_of(const std::string& reason, std::initializer_list<const char*> words) {
    for (const char* word : words)
        if (reason == word) return true;
    return false;
}

}  // namespace

std::optional<WhyReset> why_reset(const Connection& c, const Event& event) {
    const ResetSent& reset = *event.as<ResetSent>();
    const bool told = !reset.reason.empty() && reset.reason != "NOT_SPECIFIED" && !reset.inferred;
    const std::string reason = told || reset.inferred ? reset.reason : "";
    WhyReset why;
    if (told) {
        why.reasons.push_back(fmt::format("the kernel's reason: {}", printable(reason)));
    } else {
        why.certainty = Certainty::likely;
        why.reasons.push_back(reason.empty() ? "this kernel gives no reason for a reset"
                                             : fmt::format("{} is inferred from what the socket went through; this kernel gives no reason", printable(reason)));
        why.settle = "a kernel from 6.10 on tells the reason itself";
    }

    if (reset.by == ResetSent::By::sock_destroy) {
        why.kind = "destroyed";
        why.by_other = true;
        why.certainty = Certainty::proven;
        why.settle.clear();
        why.sentence = "by SOCK_DESTROY, as `ss -K` does";
        why.reasons = {"the kernel reset the connection inside a SOCK_DESTROY request, whoever has the socket open"};
    } else if (reset.by == ResetSent::By::listener) {
        why.kind = "never-accepted";
        why.certainty = Certainty::proven;
        why.settle.clear();
        why.sentence = "no process had accepted it when its listening socket was closed";
    } else if (reset.by == ResetSent::By::connect) {
        why.kind = "disconnect";
        why.sentence = "it disconnected the socket by connect() with AF_UNSPEC";
    } else if (reason == "TCP_ABORT_ON_CLOSE") {
        why.early = true;
        const std::uint32_t unread = unread_bytes(c, reset.tcp);
        why.kind = "unread";
        why.sentence = unread ? fmt::format("it closed the socket with {} unread", count_text(unread, "byte", "bytes")) : "it closed the socket with data unread";
    } else if (one_of(reason, {"TCP_ABORT_ON_LINGER", "TCP_DISCONNECT_WITH_DATA"}) || (reason == "TCP_STATE" && !reset.answers_segment)) {
        // tcp_disconnect(), which close() with SO_LINGER 0 takes, gives TCP_STATE on its own reset (6.11 and later); so does tcp_abort().
        const bool set = reset.linger_s == 0u || lingers(c);
        why.kind = set ? "linger" : "abort";
        why.on_purpose = set || !reset.linger_told;
        why.sentence = set ? "it closed the socket with SO_LINGER 0, which resets instead of closing" : "it aborted the connection instead of closing it";
        if (!set) {
            why.certainty = std::min(why.certainty, Certainty::likely);
            why.reasons.push_back(reset.linger_told ? "SO_LINGER was not set to 0" : "that SO_LINGER was set to 0 was not seen; another process may have destroyed it (SOCK_DESTROY)");
            why.settle = "record again from before the socket is opened: what is set on it is told then";
        }
        if (told && set && reason == "TCP_STATE") why.reasons.push_back("a reset of the kernel's own accord with that reason comes from tcp_disconnect()");
        if (const std::uint32_t lost = reset.tcp.unacknowledged()) why.reasons.push_back(fmt::format("{} not acknowledged yet may be lost", count_text(lost, "byte", "bytes")));
    } else if (reason == "TCP_ABORT_ON_DATA") {
        why.kind = "data-after-close";
        why.sentence = "the peer sent data after the socket had been closed";
    } else if (one_of(reason, {"TCP_TIMEWAIT_SOCKET", "NO_SOCKET"})) {
        const bool data = reset.segment_flags & tcp_flag::psh;
        if (!data || (reset.segment_flags & tcp_flag::fin) || !c.has(sign::local_closed | sign::fin_out | sign::ended)) return std::nullopt;
        why.kind = "data-after-close";
        why.sentence = "the peer sent data after the socket had been closed";
    } else if (one_of(reason, {"Connection aborted", "abort issued"})) {  // Windows: shutdown with an abort, or closesocket() with data unread
        why.kind = "abort";
        why.sentence = "it aborted the connection instead of closing it";
        if (!told) {
            why.reasons = {"the stack was told to abort it"};
            why.settle = "a later Windows tells each RST that it sends";
        }
    } else if (reason == "TCP_ABORT_ON_MEMORY") {
        why.kind = "memory";
        why.culprit = Culprit::local_kernel;
        why.sentence = "the kernel had too little memory, or too many orphaned sockets, to keep it";
    } else if (reason == "TCP_KEEPALIVE_TIMEOUT") {
        why.kind = "keepalive";
        why.culprit = Culprit::path;
        why.certainty = Certainty::possible;
        why.sentence = "keepalive probes stayed unanswered";
        why.settle = record_on(c.flow.peer.address);
    } else if (reason.empty()) {
        why.kind = "unknown";
        why.culprit = Culprit::unknown;
        why.certainty = Certainty::possible;
        why.sentence = "the kernel gave no reason";
    } else {
        why.kind = "segment";
        why.culprit = Culprit::local_kernel;
        why.certainty = Certainty::likely;
        why.sentence = fmt::format("the kernel rejected a segment of the peer ({})", printable(reason));
        why.settle = record_on(c.flow.peer.address) + ": it tells whether the peer sent that segment";
    }
    return why;
}

}  // namespace tcpwitness
