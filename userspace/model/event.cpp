#include "model/event.h"

#include <iterator>

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

const char* kind_name(const Event& event) {
    static constexpr const char* names[] = {"call",           "state",      "timer",   "retransmit",   "synack_retransmit", "error", "reset_received",
                                            "reset_sent",     "destroy",    "process_exit", "packet",  "snapshot",          "gap"};
    static_assert(std::size(names) == std::variant_size_v<EventBody>);
    return names[event.body.index()];
}

}  // namespace tcpwitness
