// A Windows TCPIP/AFD trace as text: bytes in, a trace out.
#pragma once

#include <optional>
#include <vector>

#include "base/result.h"
#include "base/time_zone.h"
#include "model/trace.h"
#include "parsers/byte_source.h"

namespace tcpwitness {

struct WindowsTextOptions {
    std::optional<TimeZone> zone;  ///< what the text's local times mean, where the text does not tell; none: UTC is assumed
    std::vector<Address> own_addresses;  ///< of the host that made it, as the user says; empty: found out
    bool pasted = true;  ///< excerpts may stand in it in any order; false: it is known to be longer than what is put in order
};

/// True where a text begins like one of the three forms (Network Monitor's copied lines, netsh trace convert, pktmon etl2txt). `beginning` is
/// UTF-8, some kilobytes of it.
bool is_windows_text(std::string_view beginning);

/// Reads the whole text. One witness; times are UTC since 1970, so TraceInfo::boot_to_wall_ns is 0. Keys of TraceInfo::meta: `source` ("Windows
/// text"), `encoding`, `time.zone` (given, file, assumed), `time.zone_name`, `time.uncertainty_ns` where only seconds are shown, and `time.beginning_ns`, when the
/// offset column was 0. TraceInfo::unknown_records counts lines of the two providers that
/// have no counterpart here, foreign_packets those of other providers and packets that are not TCP between addresses.
Result<Trace> decode_windows_text(ByteSource&, const WindowsTextOptions& = {});

}  // namespace tcpwitness
