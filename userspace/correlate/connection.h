// All events of one socket's life, and the two ends of one session.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/event.h"
#include "model/trace.h"

namespace tcpwitness {

using ConnectionId = std::uint32_t;  ///< 1-based, in order of first event; 0 = none
using ConversationId = std::uint32_t;

enum class Role : std::uint8_t { unknown, client, server, listener };
const char* name(Role);

/// How a connection's life ended, as far as its own events tell.
enum class Ending : std::uint8_t {
    open,              ///< still there when the trace ended
    closed,            ///< FINs both ways, or closed before it was ever open
    refused,           ///< SYN answered by RST
    connect_timeout,   ///< SYNs unanswered until ETIMEDOUT
    connect_failed,    ///< connect() ended with another errno
    reset_received,    ///< open, then RST came
    reset_sent,        ///< open, then we reset it
    timed_out,         ///< open, then ETIMEDOUT
    handshake_expired, ///< embryonic: SYN-ACK never acknowledged
    handshake_reset,   ///< embryonic: RST came before the ACK
    unknown,
};
const char* name(Ending);

/// One socket's life, or one embryonic connection (SYN received, no socket made yet), within one witness.
struct Connection {
    ConnectionId id = 0;
    WitnessId witness = 0;
    std::uint64_t cookie = 0;     ///< 0: embryonic, never got a socket
    std::uint32_t socket_id = 0;
    Flow flow;                    ///< best known; kept after the kernel zeroed it
    Role role = Role::unknown;
    bool embryonic = false;       ///< half-open on the server side, and it never became a socket
    bool preexisting = false;     ///< was there before the recording began
    bool accepted = false;        ///< accept() handed it to a process
    Task owner;                   ///< who called connect, accept, bind or listen; not whoever the softirq interrupted
    std::vector<Task> users;      ///< every other task that made a call on it (fork, fd passing)
    ConnectionId listener = 0;    ///< the listening socket it came from, where known
    std::vector<Event> events;    ///< in time order
    std::uint64_t events_dropped = 0;  ///< events beyond the per-connection cap, counted not kept
    std::uint64_t begin_ns = 0, end_ns = 0;

    TcpState state{};             ///< last known
    Ending ending = Ending::unknown;
    std::int32_t error = 0;       ///< errno that the application got or would get; 0 = none

    std::optional<std::uint64_t> established_ns;  ///< when it reached ESTABLISHED
    std::optional<std::uint32_t> local_isn, peer_isn;
    std::uint32_t conversation = 0;

    bool is_listener() const { return role == Role::listener; }
};

/// The two ends of one TCP session, seen by two witnesses (or twice by one, on loopback). Either end may be embryonic.
struct Conversation {
    ConversationId id = 0;
    ConnectionId client = 0;
    ConnectionId server = 0;
};

}  // namespace tcpwitness
