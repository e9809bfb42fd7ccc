// What is left of a session once it is over, until the whole capture is known and it becomes a Connection.
#pragma once

#include <cstdint>
#include <memory>

#include "capture/mac_table.h"
#include "capture/packet_log.h"
#include "capture/session.h"
#include "correlate/connection.h"

namespace tcpwitness {

/// How a session will have ended when nothing more of it comes for `silence_ns` after its last packet.
enum class Fate : std::uint8_t { none, connect_unanswered, handshake_unanswered, client_unanswered, server_unanswered };

struct EndedSession {
    Endpoint client, server;
    std::shared_ptr<WireFacts> facts;
    PacketLog log;
    std::uint64_t begin_ns = 0, end_ns = 0, established_ns = 0, silence_ns = 0;
    std::uint32_t client_isn = 0, server_isn = 0;
    std::int32_t icmp_error = 0;
    std::uint16_t interests = 0;
    std::uint16_t mac[2] = {};
    Fate fate = Fate::none;
    bool has_isn[2] = {}, syn[2] = {}, fin[2] = {}, rst[2] = {}, first_rst[2] = {}, late_rst[2] = {}, resent[2] = {}, syn_again[2] = {};
    bool established = false, preexisting = false, knock = false, icmp = false, both_closed = false;
};

/// Takes the session's log over.
EndedSession end_session(Session&, std::shared_ptr<WireFacts>);
WireFacts wire_facts(const Session&);

/// Without events. `local_is_server`: which end is the witness's own. `over_ns`: the end of the capture.
Connection to_connection(const EndedSession&, bool local_is_server, std::uint64_t over_ns);

/// One packet of it as an event; its id is the frame's number.
Event to_event(const LoggedPacket&, const EndedSession&, bool local_is_server, const MacTable&);

}  // namespace tcpwitness
