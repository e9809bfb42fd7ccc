#include "model/event.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <iterator>

#include "base/text.h"

namespace tcpwitness {

const char* name(TcpState state) {
    static constexpr const char* names[] = {"NONE",       "ESTABLISHED", "SYN_SENT", "SYN_RECV", "FIN_WAIT1", "FIN_WAIT2",   "TIME_WAIT",
                                            "CLOSE",      "CLOSE_WAIT",  "LAST_ACK", "LISTEN",   "CLOSING",   "NEW_SYN_RECV"};
    const auto number = static_cast<std::size_t>(state);
    return number < std::size(names) ? names[number] : "?";
}

const char* name(Call::Op op) {
    static constexpr const char* names[] = {"?", "socket", "bind", "listen", "connect", "accept", "shutdown"};
    const auto number = static_cast<std::size_t>(op);
    return number < std::size(names) ? names[number] : "?";
}

bool SocketOption::tells_error() const { return is(SOL_SOCKET, SO_ERROR); }

std::string name(const SocketOption& option) {
    static constexpr struct {
        std::int32_t level, option;
        const char* name;
    } names[] = {
        {SOL_SOCKET, SO_ERROR, "SO_ERROR"},
        {SOL_SOCKET, SO_LINGER, "SO_LINGER"},
        {SOL_SOCKET, SO_KEEPALIVE, "SO_KEEPALIVE"},
        {SOL_SOCKET, SO_REUSEPORT, "SO_REUSEPORT"},
        {SOL_SOCKET, SO_RCVBUF, "SO_RCVBUF"},
        {SOL_SOCKET, SO_SNDBUF, "SO_SNDBUF"},
        {IPPROTO_TCP, TCP_NODELAY, "TCP_NODELAY"},
        {IPPROTO_TCP, TCP_QUICKACK, "TCP_QUICKACK"},
        {IPPROTO_TCP, TCP_KEEPIDLE, "TCP_KEEPIDLE"},
        {IPPROTO_TCP, TCP_KEEPINTVL, "TCP_KEEPINTVL"},
        {IPPROTO_TCP, TCP_KEEPCNT, "TCP_KEEPCNT"},
        {IPPROTO_TCP, TCP_USER_TIMEOUT, "TCP_USER_TIMEOUT"},
        {IPPROTO_TCP, TCP_SYNCNT, "TCP_SYNCNT"},
        {IPPROTO_TCP, TCP_DEFER_ACCEPT, "TCP_DEFER_ACCEPT"},
    };
    for (const auto& each : names)
        if (option.is(each.level, each.option)) return each.name;
    return "option " + std::to_string(option.option);
}

const char* name(ResetSent::By by) {
    static constexpr const char* names[] = {"unknown", "close", "listener_close", "connect", "sock_destroy", "kernel"};
    const auto number = static_cast<std::size_t>(by);
    return number < std::size(names) ? names[number] : "unknown";
}

const char* name(Environment::What what) {
    static constexpr const char* names[] = {"?", "found", "appeared", "changed", "gone", "counted", "unreadable"};
    const auto number = static_cast<std::size_t>(what);
    return number < std::size(names) ? names[number] : "?";
}

const char* name(Repeats::What what) {
    static constexpr const char* names[] = {"?",    "reset_sent",   "packet_in",     "packet_out",
                                            "drop", "handshake_in", "handshake_out", "synack_retransmit"};
    const auto number = static_cast<std::size_t>(what);
    return number < std::size(names) ? names[number] : "?";
}

std::uint32_t Message::status() const {
    constexpr std::string_view version = "SIP/2.0 ";
    if (!start_line.starts_with(version)) return 0;
    return parse_number<std::uint32_t>(std::string_view(start_line).substr(version.size(), 3)).value_or(0);
}

const char* kind_name(const Event& event) {
    static constexpr const char* names[] = {"call",           "state",      "timer",   "retransmit",   "synack_retransmit", "error", "reset_received",
                                            "reset_sent",     "destroy",    "process_exit", "packet",  "snapshot",          "gap",
                                            "queue",          "option",     "sample",  "environment",  "drop",              "icmp",  "route", "neighbour",
                                            "repeats",        "message"};
    static_assert(std::size(names) == std::variant_size_v<EventBody>);
    return names[event.body.index()];
}

std::uint64_t frame_of(const Event& event) {
    if (const Segment* segment = event.as<Segment>()) return segment->frame;
    const Icmp* icmp = event.as<Icmp>();
    return icmp ? icmp->frame : 0;
}

std::uint32_t recording_of_frame(const Event& event) {
    if (const Segment* segment = event.as<Segment>()) return segment->recording;
    const Icmp* icmp = event.as<Icmp>();
    return icmp ? icmp->recording : 0;
}

}  // namespace tcpwitness
