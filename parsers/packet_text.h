// Packets as people paste them into tickets: rows of Wireshark's packet list, and the lines that tcpdump prints.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time_zone.h"
#include "model/trace.h"
#include "parsers/byte_source.h"

namespace tcpwitness {

/// True where a text holds such rows, whatever prose stands around them. `beginning` is UTF-8, some kilobytes of it.
bool is_packet_text(std::string_view beginning);

struct PacketTextOptions {
    std::optional<TimeZone> zone;        ///< what local times mean; none: UTC is assumed
    std::vector<Address> own_addresses;  ///< of the host that made it, as the user says; empty: found out, or left open
};

/// Reads the whole text: a trace for each recording whose rows it holds, at least one. Each has one witness that tells packets only; every event is a Segment whose flow goes from source to destination, except where
/// Witness::addresses tells which end is the host's own, or an ICMP error with the flow that it is about (TraceInfo::undecoded counts those of which no row shows that). Relative sequence numbers stay relative to the first that the text shows of each direction.
/// Keys of TraceInfo::meta: `source` ("packet list"), `time.zone`, `text.relative_time` ("yes": times count from an unknown moment; "differences": each from the row before),
/// `text.no_date` (times of day only),
/// `text.rows_without_ports` (rows of protocols over TCP that show neither ports nor numbers, taken as data of the only connection between those hosts),
/// `text.repeated_rows`, `text.port_names` ("rndc 64512, ...": names of ports that are not
/// known, and the numbers that stand for them). TraceInfo::unknown_records counts rows that say TCP and could not be read, foreign_packets those of other protocols.
Result<std::vector<Trace>> decode_packet_text(ByteSource&, const PacketTextOptions& = {});

}  // namespace tcpwitness
