// All events of one socket's life, and the two ends of one session.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "correlate/capture_match.h"
#include "correlate/wire_facts.h"
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

/// What a connection has gone through, one bit each, so that a rule passes over a clean connection without reading its events.
namespace sign {
inline constexpr std::uint32_t
    syn_out = 1u << 0, syn_in = 1u << 1, syn_ack_out = 1u << 2, syn_ack_in = 1u << 3,   // packets
    fin_out = 1u << 4, fin_in = 1u << 5, rst_out = 1u << 6, rst_in = 1u << 7,           // packets
    connect_called = 1u << 8, syn_sent = 1u << 9, established = 1u << 10,               // calls and states
    local_closed = 1u << 11,      ///< a state that only our own FIN leads to
    peer_closed = 1u << 12,       ///< a state that only the peer's FIN leads to
    ended = 1u << 13,             ///< CLOSE after another state, or destroyed
    destroyed = 1u << 14,
    reset_received = 1u << 15,    ///< the kernel took a RST in before both FINs
    reset_sent = 1u << 16,        ///< the kernel sent a RST before both FINs
    late_reset = 1u << 17,        ///< a RST either way after both FINs: harmless
    error = 1u << 18, retransmit = 1u << 19, syn_retransmit = 1u << 20, syn_ack_retransmit = 1u << 21,
    bind_failed = 1u << 23,
    knock = 1u << 22;             ///< a SYN that the kernel answered with RST, for want of a socket
inline constexpr std::uint32_t waited = 1u << 24;  ///< something waited in its queues (Queue)
inline constexpr std::uint32_t probed = 1u << 25;  ///< its window probe timer fired
inline constexpr std::uint32_t other_answer = 1u << 27;  ///< a SYN-ACK came in with another number than the first
inline constexpr std::uint32_t
    dropped = 1u << 26,           ///< the kernel threw away a packet of it
    icmp_error = 1u << 27,        ///< an ICMP error about it came in
    no_route = 1u << 28;          ///< a route lookup for it failed
}

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
    std::uint64_t dropped_until_ns = 0;  ///< the last of them
    std::uint64_t begin_ns = 0, end_ns = 0;

    TcpState state{};             ///< last known
    Ending ending = Ending::unknown;
    std::int32_t error = 0;       ///< errno that the application got or would get; 0 = none

    std::optional<std::uint64_t> established_ns;  ///< when it reached ESTABLISHED
    std::optional<std::uint32_t> local_isn, peer_isn;
    ConversationId conversation = 0;

    std::shared_ptr<const WireFacts> wire;  ///< set where a capture tells about it
    std::shared_ptr<const CaptureMatch> capture_match;  ///< set where a trace and a capture of its host differ about it

    std::uint8_t owner_rank = 0;  ///< the correlator's: how good its knowledge of the owner is
    bool adopted = false;         ///< the correlator's: was rebuilt elsewhere
    bool changed = false;         ///< the correlator's: got events that refresh() has not judged yet
    bool roomy = false;           ///< the correlator's: may have room for more events than it has
    std::uint32_t signs = 0;      ///< sign::
    bool has(std::uint32_t any_of) const { return signs & any_of; }
    bool both_closed() const { return has(sign::local_closed | sign::fin_out) && has(sign::peer_closed | sign::fin_in); }
    bool live() const { return !has(sign::ended); }

    bool is_listener() const { return role == Role::listener; }
};

/// The two ends of one TCP session, seen by two witnesses (or twice by one, on loopback). Either end may be embryonic.
struct Conversation {
    ConversationId id = 0;
    ConnectionId client = 0;
    ConnectionId server = 0;
    bool translated = false;  ///< their tuples are no mirrors: a device between rewrote addresses; sequence numbers joined them
};

}  // namespace tcpwitness
