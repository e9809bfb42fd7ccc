#pragma once

#include "base/result.h"
#include "model/trace.h"
#include "parsers/byte_source.h"

namespace tcpwitness {

/// Reads a whole trace of ours. One that was cut off anywhere yields what is there, with TraceInfo::cut_off set; one that is damaged
/// yields what surely could be read, with the places in TraceInfo::damage. Of another kind of file: one line that says what it is.
Result<Trace> decode_trace(ByteSource& source);

}  // namespace tcpwitness
