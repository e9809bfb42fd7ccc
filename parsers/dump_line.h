// One line of tcpdump, taken apart.
#pragma once

#include <string_view>

#include "parsers/packet_row.h"

namespace tcpwitness {

/// [date] time [device In|Out] [MAC > MAC, ...] IP|IP6 [(...)] SRC > DST: Flags ..., and as tcpdump wrote it before 4.0: SRC > DST: S 1:1(0) win 5840
PacketRow parse_dump_line(std::string_view line, const PacketRow* carry);

}  // namespace tcpwitness
