// Segments that came to a host where no connection was: an answer from an address that nobody asked, a segment of a connection that the host does not
// know (any more). The kernel answers them with RST, and the record of it belongs to the connection whose segment it was.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "correlate/story.h"

namespace tcpwitness {

/// A SYN-ACK came in and was answered with RST: perhaps a stranger's, whom nobody asked. Of connections that no process is known to have made.
bool is_stray_handshake(const Connection&);

class Strays {
public:
    explicit Strays(const Story&);

    /// A SYN-ACK that acknowledges this client's SYN and came from another address than it asked: the packet, or the RST that answered it.
    std::vector<const Event*> answers_from_elsewhere(const Connection& client) const;

    /// A host reset a segment of this connection, because no connection of this tuple was there: the RST's record, at that host.
    const Event* reset_by_stranger(const Connection&) const;

    /// At the host that did that: a connection from the same address and port to somewhere else. It is the other end, under the address it asked for.
    const Connection* meant(const Event& reset) const;

private:
    const Story& story_;
    std::map<Endpoint, std::vector<const Event*>> by_local_;  ///< in order of time
    std::map<std::pair<WitnessId, Endpoint>, std::vector<const Connection*>> clients_;  ///< by their own end; filled for ends of strays only
};

/// The SYN met what was left of an older connection with the same addresses and ports, open or in TIME_WAIT, which answered with an ACK of its own: the
/// RST that the client sent then. Null: no such thing was seen.
const Event* met_older(const Connection& client);

/// What the older connection's end sent in answer to this SYN, as the host that was asked saw it: the bare ACK.
const Event* ack_of_older(const Story&, const Connection& client, WitnessId asked);

/// On an open connection: a SYN with its tuple came in before `before_ns`. Whoever has the other end's address and port now has forgotten it.
const Event* new_syn_on(const Connection&, std::uint64_t before_ns);

}  // namespace tcpwitness
