#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "model/event.h"
#include "parsers/packet.h"

namespace tcpwitness {

/// The headers of one TCP segment; `flow.local` is the sender.
struct ParsedSegment {
    Flow flow;
    Segment segment;
};

/// A decoded packet of Kind::tcp in the events' words; who is local, interface and frame are the caller's to say.
Flow flow_of(const Packet& packet);  ///< `local` is the sender
Segment segment_of(const Packet& packet);

/// What stands in the headers, from one form of a segment to another: Packet, Segment, or a form of less room.
template <typename From, typename To> void copy_headers(const From& from, To& to) {
    to.flags = from.flags;
    to.seq = from.seq;
    to.ack = from.ack;
    to.window = from.window;
    to.payload = from.payload;
    to.ttl = from.ttl;
    to.ip_id = from.ip_id;
    to.dont_fragment = from.dont_fragment;
    to.has_timestamps = from.has_timestamps;
    to.tsval = from.tsval;
    to.tsecr = from.tsecr;
    to.mss = from.mss;
    to.window_scale = from.window_scale;
    to.options_length = from.options_length;
}

/// Link, network and TCP header of a packet, as far as `bytes` holds them; nothing when it is not a TCP segment, a later fragment, or too
/// short. `wire_length` is the packet's own length. Survives any bytes.
std::optional<ParsedSegment> parse_segment(std::uint16_t link_type, std::string_view bytes, std::uint32_t wire_length);

/// The events of one packet that a probe saw, on top of `common` (time, witness, number): one; two on the loopback device, where the
/// kernel side tells the way in only: what leaves on lo comes in on lo.
void add_segment_events(const Event& common, const ParsedSegment& parsed, bool outgoing, std::string_view device, std::vector<Event>& out);

}  // namespace tcpwitness
