// One packet as tcpdump prints it, taken apart.
#pragma once

#include <string_view>

#include "parsers/packet_row.h"

namespace tcpwitness {

/// [date] time [device In|Out] [MAC > MAC, ...] IP|IP6 [(tos ...)] SRC > DST: Flags ..., and as tcpdump wrote it before 4.0: SRC > DST: S 1:1(0) win 5840.
/// `text` is one line, or all lines of one packet with blanks between them. What may go on in the next line is not PacketRow::complete.
PacketRow parse_dump_line(std::string_view text, ServiceNames& names);

/// The packet that an ICMP error quotes, "IP (tos ...) SRC > DST: Flags ...": its ends and numbers. Nothing where it is no whole TCP segment's line.
std::optional<PacketRow> parse_quoted_packet(std::string_view text, ServiceNames& names);

}  // namespace tcpwitness
