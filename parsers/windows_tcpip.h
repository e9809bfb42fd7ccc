// What the provider Microsoft-Windows-TCPIP says, as events.
#pragma once

#include "parsers/windows_line.h"
#include "parsers/windows_packets.h"
#include "parsers/windows_sockets.h"

namespace tcpwitness::windows {

class Tcpip {
public:
    Tcpip(Sockets& sockets, Packets& packets) : sockets_(sockets), packets_(packets) {}

    /// False for what has no counterpart among our events and tells nothing about one.
    bool take(const Line&, std::uint64_t time_ns);

    /// After the last line: what it could only guess at before. The events are still where they were.
    void finish();

    bool tells_resets() const { return tells_resets_; }  ///< this Windows tells each RST that it sends

private:
    bool take_connection(std::string_view said, std::uint64_t pointer, const Line&, std::uint64_t time_ns);
    bool take_transition(std::string_view said, std::uint64_t pointer, const Line&, std::uint64_t time_ns);
    bool take_timer(std::string_view said, Tcb&, std::uint64_t time_ns);
    bool take_again(std::string_view said, Tcb&, std::uint64_t time_ns);
    bool take_end(std::string_view said, Tcb&, std::uint64_t time_ns);
    bool take_listener(std::string_view said, const Line&, std::uint64_t time_ns);
    bool take_reset_sent(std::string_view said, std::uint64_t pointer, std::uint64_t time_ns);
    bool take_drop(std::string_view said, std::uint64_t time_ns);
    void answer_without_socket(const Flow&, std::string_view reason, bool told, std::uint64_t time_ns);
    void send_again(Tcb&, Retransmit::What, std::uint32_t seq, std::uint32_t end_seq, std::uint32_t round, std::uint64_t time_ns);
    void fail(Tcb&, std::int32_t error, std::string status, std::uint64_t time_ns);
    void destroy(Tcb&, std::uint64_t time_ns);
    Event& emit(Tcb&, std::uint64_t time_ns, EventBody);

    Sockets& sockets_;
    Packets& packets_;
    bool tells_resets_ = false;
    Event* bare_ = nullptr;         ///< the last RST that no socket sent
    std::vector<Event*> guessed_;   ///< those that are told as drops only
};

}  // namespace tcpwitness::windows
