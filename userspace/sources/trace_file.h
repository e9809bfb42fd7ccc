#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "base/time_zone.h"
#include "model/trace.h"
#include "sources/source_file.h"
#include "sources/trace_writer.h"

namespace tcpwitness {

struct ReadOptions {
    std::optional<TimeZone> zone;  ///< of texts that do not tell their own
    std::vector<Address> own_addresses;  ///< of the host that made a text, where the user says so
};

/// Reads what becomes events one by one: a trace of ours, a Windows trace's text, a SIP log. A capture is not: its sessions are to be rebuilt (capture/read_capture.h). The error names the file. Of a text that holds several lists, the first.
Result<Trace> read_trace(SourceFile&, const ReadOptions& = {});

/// A trace for each text that the file holds: somebody may have pasted rows of a trace, packet lists and an application's log into one. A long
/// file (8 MiB and more) is what a tool wrote, and of one kind. Of a trace of ours one.
struct ReadTrace {
    SourceKind kind;
    Trace trace;
};
Result<std::vector<ReadTrace>> read_traces(SourceFile&, const ReadOptions& = {});

Result<Trace> read_trace(const std::string& path, const ReadOptions& = {});

}  // namespace tcpwitness
