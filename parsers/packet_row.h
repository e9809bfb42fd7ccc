// One row of a packet list, or one line of tcpdump, taken apart.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "model/event.h"
#include "parsers/icmp_row.h"
#include "parsers/service_names.h"

namespace tcpwitness {

struct PacketRow {
    enum class Kind : std::uint8_t {
        none,      ///< not a row
        segment,   ///< everything about a TCP segment
        data,      ///< of a protocol over TCP: ports and numbers are not shown
        maybe,     ///< of a protocol that may run over TCP: data where there is a connection between these hosts, else foreign
        icmp_error,  ///< about a TCP segment, as far as the row tells
        unread,    ///< it says TCP, and could not be read
        foreign,   ///< of another protocol
    };
    Kind kind = Kind::none;
    std::uint64_t frame = 0;                 ///< the list's number; 0 = none
    std::optional<std::uint64_t> local_ns;   ///< wall clock, as if it were UTC; without a date since midnight
    bool has_date = false;                   ///< without it local_ns counts from midnight
    std::optional<std::uint64_t> offset_ns;  ///< since some moment that the row does not tell
    Address source, destination;
    std::uint16_t source_port = 0, destination_port = 0;
    Segment segment;
    std::shared_ptr<const IcmpRow> icmp;     ///< of an icmp_error
    bool complete = true;                    ///< false: the row goes on in the next line (tcpdump -v), or a mail may have broken it
    bool has_seq = true, has_ack = true;     ///< the number is shown
    bool relative = false;                   ///< tcpdump: numbers other than a SYN's may count from it
    bool port_reused = false, said_again = false;  ///< Wireshark's list says that a new session begins, or that it is a retransmission
    bool unfinished_checksum = false;        ///< the device was still to fill it in: this host sent it
    std::int8_t direction = 0;               ///< tcpdump on "any": 1 out, -1 in
    std::uint32_t length = 0;                ///< data: of the frame
};

/// `line`: one line, or a row that stood on several, with blanks between them. `names` remembers the ports that are shown by a name which nobody knows.
PacketRow parse_packet_row(std::string_view line, ServiceNames& names);

}  // namespace tcpwitness
