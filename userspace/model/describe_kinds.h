// What describe.cpp asks of every kind of event. One file per group of kinds answers: describe_app, describe_tcp, describe_trouble,
// describe_wire, describe_queues, describe_network, describe_host, describe_message, describe_trace. A new alternative of EventBody does
// not compile until it has these four.
#pragma once

#include <string>
#include <string_view>

#include "model/describe.h"

namespace tcpwitness::kinds {

#define TCPWITNESS_DESCRIBES(Body)                               \
    Layer layer(const Body&);                                    \
    bool noteworthy(const Body&, const Event&);                  \
    std::string sentence(const Body&, const Event&);             \
    void add_fields(std::vector<Field>&, const Body&, const Event&);

TCPWITNESS_DESCRIBES(Call)
TCPWITNESS_DESCRIBES(StateChange)
TCPWITNESS_DESCRIBES(Timer)
TCPWITNESS_DESCRIBES(Retransmit)
TCPWITNESS_DESCRIBES(SynAckRetransmit)
TCPWITNESS_DESCRIBES(SocketError)
TCPWITNESS_DESCRIBES(ResetReceived)
TCPWITNESS_DESCRIBES(ResetSent)
TCPWITNESS_DESCRIBES(Destroy)
TCPWITNESS_DESCRIBES(ProcessExit)
TCPWITNESS_DESCRIBES(Segment)
TCPWITNESS_DESCRIBES(Snapshot)
TCPWITNESS_DESCRIBES(Gap)
TCPWITNESS_DESCRIBES(Repeats)
TCPWITNESS_DESCRIBES(Drop)
TCPWITNESS_DESCRIBES(Icmp)
TCPWITNESS_DESCRIBES(Route)
TCPWITNESS_DESCRIBES(Neighbour)
TCPWITNESS_DESCRIBES(Queue)
TCPWITNESS_DESCRIBES(SocketOption)
TCPWITNESS_DESCRIBES(Sample)
TCPWITNESS_DESCRIBES(Environment)
TCPWITNESS_DESCRIBES(Message)

#undef TCPWITNESS_DESCRIBES

// Shared by the kinds.

/// The positive errno of a kernel result; survives a damaged record's INT32_MIN.
inline std::int32_t errno_of(std::int32_t result) { return result == INT32_MIN ? INT32_MAX : -result; }
/// "ETIMEDOUT (Connection timed out)"; `error` is positive.
std::string error_text(std::int32_t error);
/// ", STATUS_IO_TIMEOUT", or nothing: a result in another system's words, behind the errno that it comes to.
std::string status_text(const std::string& status);
/// "SYN", "SYN-ACK", "RST-ACK", "no flags".
std::string flags_text(std::uint8_t flags);
/// "rto", "zero_window_probe", "loss_probe", "reordering", "none".
const char* timer_name(Timer::Which);

/// The numbers of an event that no connection has told the state of: its own state then.
TcpNumbers within(TcpNumbers, TcpState);
/// ", 120 bytes unread, 0 unacknowledged, idle 20.1 s"; empty before the connection was open.
std::string backlog_text(const TcpNumbers&, TcpState);

void add(std::vector<Field>&, const char* name, bool value);
void add(std::vector<Field>&, const char* name, std::int64_t value);
void add(std::vector<Field>&, const char* name, std::uint64_t value);
void add(std::vector<Field>&, const char* name, std::string value);
inline void add(std::vector<Field>& to, const char* name, std::uint32_t value) { add(to, name, std::uint64_t{value}); }
inline void add(std::vector<Field>& to, const char* name, std::uint16_t value) { add(to, name, std::uint64_t{value}); }
inline void add(std::vector<Field>& to, const char* name, std::uint8_t value) { add(to, name, std::uint64_t{value}); }
inline void add(std::vector<Field>& to, const char* name, std::int32_t value) { add(to, name, std::int64_t{value}); }
inline void add(std::vector<Field>& to, const char* name, const char* value) { add(to, name, std::string(value)); }
/// process.pid, thread.id, process.command, cgroup_id; nothing when the task is not known.
void add_task(std::vector<Field>&, const Task&);
void add_numbers(std::vector<Field>&, const TcpNumbers&, TcpState);
/// ", busy 10 s, of that 8 s limited by the peer's window"; empty where nothing limited it for a second.
std::string limits_text(const Destroy&);
/// Bytes, segments and limits over the life of a connection.
void add_totals(std::vector<Field>&, const Destroy&);

}  // namespace tcpwitness::kinds
