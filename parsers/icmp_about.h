// Which flow of a text an ICMP error is about. Few rows quote the packet; the others leave it to what its receiver had sent right before.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "parsers/packet_row.h"

namespace tcpwitness {

class IcmpAbout {
public:
    enum class Answer : std::uint8_t {
        found,
        open,       ///< of a connection in the text perhaps, and not shown of which
        of_others,  ///< its receiver has no such connection in the text
    };
    struct About {
        Answer answer = Answer::open;
        Flow flow;              ///< from the ICMP error's receiver to whom it could not be delivered
        std::uint32_t seq = 0;  ///< of the packet, or of the last one before
    };

    /// Packets in the order of time.
    void sent(const Flow& from_to, std::uint32_t seq, std::uint64_t time_ns);
    About about(const PacketRow& error, std::uint64_t time_ns) const;

private:
    struct Way {
        std::uint32_t seq = 0;
        std::uint64_t sent_ns = 0, heard_ns = 0;  ///< last packet out, last packet back; 0: none yet
    };
    using Ways = std::map<Flow, Way>;

    std::map<Address, Ways> by_sender_;
    std::size_t ways_ = 0;
};

}  // namespace tcpwitness
