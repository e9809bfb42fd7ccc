// A pcapng in which a Windows host's packets and, as text in journal blocks, the events of its TCPIP and AFD providers stand together.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "model/trace.h"
#include "parsers/byte_source.h"
#include "parsers/windows_line.h"

namespace tcpwitness {

namespace windows {

/// A whole journal block (systemd's export format) as a line: provider by `_COMM`, time by `__REALTIME_TIMESTAMP` in UTC, pid by `_PID`, body by
/// `MESSAGE`. Views point into `block`.
Line parse_journal(std::string_view block);

/// One of the two providers that have something to tell here.
constexpr bool is_event(const Line& line) { return line.provider == Provider::tcpip || line.provider == Provider::afd; }

}  // namespace windows

/// Events and packets in one trace, as decode_windows_text() makes it of text alone.
Result<Trace> decode_windows_journal(ByteSource&);

}  // namespace tcpwitness
