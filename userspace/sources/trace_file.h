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

/// Reads what becomes events one by one: a trace of ours, a Windows trace's text, a SIP log. A capture is not: its sessions are to be rebuilt (capture/read_capture.h). The error names the file.
Result<Trace> read_trace(SourceFile&, const ReadOptions& = {});
Result<Trace> read_trace(const std::string& path, const ReadOptions& = {});

}  // namespace tcpwitness
