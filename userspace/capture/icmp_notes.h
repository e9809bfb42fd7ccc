// ICMP errors and echo requests of a capture, until it is known which end is the witness's own.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "capture/session.h"
#include "model/event.h"
#include "parsers/capture_reader.h"
#include "parsers/packet.h"

namespace tcpwitness {

/// The errno that a connect() fails with when this error comes for its SYN (icmp_err_convert in net/ipv4/icmp.c); 0 = with none.
std::int32_t errno_of(const Packet&);

class IcmpNotes {
public:
    void add(const CapturedPacket&, const Packet&, Session* about);  ///< null: about none

    /// Moves out what is about a session, its flow and direction as the own end sees them.
    std::vector<Event> take(std::uint32_t stream, const Flow& own);
    std::vector<Event> take_unmatched() { return std::move(unmatched_); }

private:
    std::unordered_map<std::uint32_t, std::vector<Event>> by_stream_;
    std::vector<Event> unmatched_;
    std::size_t held_ = 0;
};

}  // namespace tcpwitness
