// A SIP stack's log as it comes beside a Windows trace: bytes in, messages out. Only what a message begins with and its ids; bodies are payload.
#pragma once

#include <optional>
#include <string_view>

#include "base/result.h"
#include "base/time_zone.h"
#include "model/trace.h"
#include "parsers/byte_source.h"

namespace tcpwitness {

/// True where a text begins like one of the two forms: records between "$$begin_record" and "$$end_record", or "Sending Packet - ip:port" and
/// "Data Received - ip:port" with the message behind. `beginning` is UTF-8, some kilobytes of it.
bool is_sip_log(std::string_view beginning);

/// One event of kind Message for each message, in UTC since 1970 (`zone` says what the log's local times mean; none: they are taken for UTC).
/// TraceInfo::meta has `source` ("SIP log"), `time.zone` (given, assumed) and `time.zone_name`.
Result<Trace> decode_sip_log(ByteSource&, const std::optional<TimeZone>& zone = {});

}  // namespace tcpwitness
