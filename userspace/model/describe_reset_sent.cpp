// A RST that this host's stack sent, and the kernel's reason for it in words.
#include <iterator>

#include <fmt/format.h>

#include "base/text.h"
#include "model/describe_kinds.h"

namespace tcpwitness::kinds {

namespace {

/// The kernel's names (include/net/rstreason.h, without SK_RST_REASON_) in words, where the name does not say it all.
constexpr struct {
    std::string_view name, words;
} reasons[] = {
    {"TCP_ABORT_ON_LINGER", "closed with SO_LINGER 0"},
    {"TCP_ABORT_ON_DATA", "data came after the application had closed"},
    {"TCP_ABORT_ON_MEMORY", "out of socket memory or too many orphans"},
    {"TCP_STATE", "aborted in this state"},
    {"TCP_KEEPALIVE_TIMEOUT", "keepalive probes stayed unanswered"},
    {"TCP_DISCONNECT_WITH_DATA", "disconnected with data not sent yet"},
    {"TCP_INVALID_ACK_SEQUENCE", "it acknowledges what was never sent"},
    {"TCP_ACK_UNSENT_DATA", "it acknowledges what was never sent"},
    {"TCP_TOO_OLD_ACK", "its ACK is far too old"},
    {"TCP_OLD_ACK", "its ACK is old"},
    {"TCP_RFC7323_PAWS", "its timestamp is old"},
    {"TCP_FLAGS", "its flags do not fit"},
    {"TCP_TIMEWAIT_SOCKET", "the socket is in TIME_WAIT"},
    {"INVALID_SYN", "a SYN inside an open connection"},
};

std::string in_words(const ResetSent& reset, const Event& event) {
    if (reset.reason == "TCP_ABORT_ON_CLOSE") return fmt::format("closed with {}", count_text(within(reset.tcp, event.state).unread(), "unread byte", "unread bytes"));
    if (reset.reason == "NO_SOCKET") {
        const bool syn = reset.segment_flags & tcp_flag::syn;
        return syn && event.flow.local.port ? fmt::format("nothing listens on port {}", event.flow.local.port) : "no socket for this segment";
    }
    if (reset.reason == "INVALID_SYN" && !(reset.segment_flags & tcp_flag::syn)) return "the handshake could not be completed";
    if (reset.by == ResetSent::By::sock_destroy) return "destroyed by SOCK_DESTROY";
    if (reset.by == ResetSent::By::listener) return "not accepted yet, and its listener went";
    if (reset.by == ResetSent::By::connect) return "disconnected by connect() with AF_UNSPEC";
    if (reset.by == ResetSent::By::close && reset.linger_s == 0u && reset.reason != "TCP_ABORT_ON_MEMORY") return "closed with SO_LINGER 0";
    for (const auto& [name, words] : reasons)
        if (name == reset.reason) return std::string(words);
    return {};
}

}  // namespace

Layer layer(const ResetSent&) { return Layer::tcp; }

bool noteworthy(const ResetSent&, const Event&) { return true; }

std::string sentence(const ResetSent& reset, const Event& event) {
    std::string text = "RST sent";
    if (reset.firewall_hook) {
        text += fmt::format(" by the packet filter (reject at {})", reset.firewall_hook_name());
    } else if (reset.reason.empty()) {
        text += ", this kernel does not say why";
    } else {
        const std::string words = in_words(reset, event);
        text += fmt::format(": {}{}", reset.inferred ? "inferred " : "", printable(reset.reason));
        if (!words.empty()) text += fmt::format(" ({})", words);
    }
    if (reset.listener_cookie) text += ", by the listening socket, which does not have the connection";
    if (reset.answers_segment) text += fmt::format(", answers {} seq {}", flags_text(reset.segment_flags), reset.seq);
    if (reset.task.known()) text += ", by " + task_text(reset.task);
    return text;
}

void add_fields(std::vector<Field>& to, const ResetSent& reset, const Event& event) {
    if (!reset.reason.empty()) {
        add(to, "reason", reset.reason);
        add(to, "reason_inferred", reset.inferred);
    }
    if (reset.firewall_hook) add(to, "firewall_hook", reset.firewall_hook_name());
    add(to, "answers_segment", reset.answers_segment);
    add(to, "has_socket", reset.has_socket);
    if (reset.answers_segment) {
        add(to, "segment_flags", flags_text(reset.segment_flags));
        add(to, "segment_seq", reset.seq);
        add(to, "segment_ack", reset.ack);
    }
    if (reset.listener_cookie) add(to, "listener_socket_cookie", fmt::format("{}", reset.listener_cookie));
    if (reset.by != ResetSent::By::unknown) add(to, "by", name(reset.by));
    if (reset.linger_told) add(to, "linger", reset.linger_s.has_value());
    if (reset.linger_s) add(to, "linger_s", *reset.linger_s);
    add_task(to, reset.task);
    if (reset.has_socket) add_numbers(to, reset.tcp, event.state);
}

}  // namespace tcpwitness::kinds

namespace tcpwitness {

const char* ResetSent::firewall_hook_name() const {
    static constexpr const char* names[] = {"prerouting", "input", "forward", "output", "postrouting", "ingress"};
    if (!firewall_hook) return "";
    return *firewall_hook < std::size(names) ? names[*firewall_hook] : "an unknown hook";
}

}  // namespace tcpwitness
