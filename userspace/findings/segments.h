// What the segments of a connection tell, where the recording holds them all (--segments, or a capture).
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "findings/finding.h"
#include "model/sequence.h"

namespace tcpwitness {

bool segments_recorded(const Story&, WitnessId);
/// Open connections of witnesses whose recordings hold them; none is looked at where no recording does.
std::vector<const Connection*> with_segments(const Story&);

/// The sequence number behind the segment.
inline std::uint32_t end_of(const Segment& segment) { return segment.seq + segment.payload + (segment.fin() ? 1 : 0) + (segment.syn() || segment.syn_ack() ? 1 : 0); }
inline bool acknowledges(const Segment& segment, std::uint32_t end) {
    return (segment.flags & tcp_flag::ack) && !segment.rst() && !seq_before(segment.ack, end);
}

/// The connection's segments in time order, each once however many devices of the host it passed. Where some were not kept, only those
/// after them: a pause between two of them is then one.
std::vector<const Event*> segments_of(const Connection&);
/// The same, and those before that were kept because they tell something (capture/telling.h): others may be missing between them.
std::vector<const Event*> kept_segments(const Connection&);

/// From SYN to SYN-ACK at the client, from SYN-ACK to its ACK at the server; nothing when a segment was sent again or is not there.
std::optional<std::uint64_t> handshake_rtt(const Connection&);

/// The largest payload that both ends announced in their handshake; nothing when it was not recorded.
std::optional<std::uint32_t> announced_mss(const Connection&);

}  // namespace tcpwitness
