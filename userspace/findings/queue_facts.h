// What the looks at the queues tell about a connection, and who suffers from a listener that does not accept.
#pragma once

#include <vector>

#include "findings/finding.h"

namespace tcpwitness {

/// Something that waited in a queue, from the first look that found it to the one that no longer did.
struct Waiting {
    std::uint64_t from_ns = 0, to_ns = 0;
    bool over = false;                 ///< it came to an end while the connection lived on
    std::vector<const Event*> events;  ///< those of kind Queue
    std::uint64_t length_ns() const { return to_ns - from_ns; }
    const Queue& last() const;         ///< as it was when last seen waiting
    const Queue* process() const;      ///< the last that tells what the process was doing; nullptr: none does
};
std::vector<Waiting> waits(const Story&, const Connection&, Queue::What);

/// Connections that a listener owed an accept() between the two times and that got none: half-open, waiting in its queue, or clients whose
/// SYN it dropped. Each with its other end.
std::vector<const Connection*> unserved(const Story&, const Connection& listener, std::uint64_t from_ns, std::uint64_t to_ns);

/// Connections to the listener that began between the two times and whose handshake had to be repeated: a SYN or a SYN-ACK was sent again.
std::vector<const Connection*> delayed(const Story&, const Connection& listener, std::uint64_t from_ns, std::uint64_t to_ns);

/// Makes them part of the finding, and tells how many clients got no answer at all.
void add_unserved(Finding&, const std::vector<const Connection*>&);

/// When accept() handed out the connections of each listener, ascending.
std::vector<std::uint64_t> accepts(const Story&, const Connection& listener);

/// The witness sent SYN cookies within seconds of that time, by the counter that its recorder looks at: the look that told it.
const Event* syn_cookies_sent(const Story&, WitnessId, std::uint64_t time_ns);

/// Packets that the listener dropped while it was waiting.
std::uint64_t dropped(const Waiting&);

/// "its accept queue holds 128: listen() asked for 1024, net.core.somaxconn allows 128".
std::string queue_limit_text(const Story&, const Connection& listener, const Queue&);

/// Who holds the socket: as the looks found it, else the connection's owner.
std::string holder(const Connection&, const Queue*);

}  // namespace tcpwitness
