// What a connection that was rebuilt from packets shows, in the terms in which a kernel tells it of its own.
#pragma once

#include <cstdint>
#include <vector>

#include "findings/finding.h"

namespace tcpwitness {

/// Nothing but packets is known of it: no calls, no states, no errno.
inline bool by_packets(const Connection& c) { return c.wire && !c.cookie && !c.socket_id; }

/// Captured between its ends: that one of them stands as local means nothing.
inline bool on_the_way(const Connection& c) { return c.wire && c.wire->on_the_way; }

/// Packets of one of its ends only were captured.
inline bool one_way(const Connection& c) { return by_packets(c) && (!c.wire->client.packets || !c.wire->server.packets); }

/// The client went on after its SYN as only an answered one does: the capture has no packets of the other direction.
bool answer_not_captured(const Connection&);
/// The same, or the whole capture is of one direction only.
bool answer_not_captured(const Story&, const Connection&);

/// A segment sent again, as the kernel told it or as the packets show it.
struct Resend {
    const Event* event = nullptr;
    std::uint32_t seq = 0, end = 0;
};

/// The last run of resends of this end (or of the peer's) of one segment, after which nothing new was acknowledged.
std::vector<Resend> last_resends(const Connection&, bool outgoing = true);

/// When this end sent its SYN-ACK again, as the kernel told it or as the packets show it.
std::vector<const Event*> syn_acks_again(const Connection&);

/// The last packet, payload or not, that went out or came in before then; null: none.
const Event* last_packet(const Connection&, bool outgoing, std::uint64_t before_ns, bool with_payload = false);

/// Bytes that this end (or the peer) had sent by then and that were not acknowledged.
std::uint32_t unacknowledged(const Connection&, bool outgoing, std::uint64_t at_ns);

/// Keepalive probes of one end at the end of a connection that nothing came in answer to.
struct UnansweredProbes {
    std::vector<const Event*> probes;  ///< evenly spaced, at least two; empty: there is no such thing
    const Event* reset = nullptr;      ///< the prober's RST, as long after the last of them again; null: none until the capture's end
    const Event* heard = nullptr;      ///< what came of the other end last; null: nothing
    std::uint64_t every_ns = 0;
};
UnansweredProbes unanswered_probes(const Connection&, bool outgoing, std::uint64_t capture_end_ns);

/// How far a wait that began at `from_ns` was watched: to `to_ns`, or to where the capture itself paused (merged captures).
std::uint64_t watched_until(const Story&, WitnessId, std::uint64_t from_ns, std::uint64_t to_ns);

/// How far this connection was watched: to its end, or, while it lives, to that of the recording or to where the capture paused.
std::uint64_t watched_to(const Story&, const Connection&);

/// The time in which the window of one end stayed closed, the longest; empty events: less than `least_ns`.
struct ClosedWindow {
    std::vector<const Event*> events;  ///< what closed it, the probes, what opened it
    std::uint64_t from_ns = 0, to_ns = 0;
    std::size_t probes = 0;
    bool opened = false;
};
ClosedWindow closed_window(const Story&, const Connection&, bool own, std::uint64_t least_ns);

}  // namespace tcpwitness
