// How a session begins and ends: its SYNs, when it was open, FIN and RST; and when a tuple begins a new one.
#pragma once

#include <cstdint>

#include "capture/session.h"
#include "parsers/packet.h"

namespace tcpwitness {

/// The packet opens another session of the same tuple. Not every new initial sequence number does: a SYN-ACK that answers the client's SYN
/// belongs to it also after a RST, and a SYN into a live session is answered by a challenge ACK (RFC 5961, 4).
bool begins_anew(const Session&, bool from_server, const Packet&, std::uint64_t now_ns);

/// Whether the source of a session's first packet is its client.
bool client_sends(const Packet&);

void take_handshake(Session&, bool from_server, const Packet&, std::uint64_t now_ns);

}  // namespace tcpwitness
