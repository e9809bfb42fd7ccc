#pragma once

#include <string>

#include "live/collector.h"
#include "live/kernel.h"
#include "live/loader.h"
#include "parsers/trace_encoder.h"

namespace tcpwitness {

/// "attached", "partial: why", "unavailable: why".
std::string status_text(const ProbeState&);

/// What is known when a recording begins, in the keys of the trace file (ARCHITECTURE.md).
Metadata initial_metadata(const Kernel&, const LoadedProbes&, const std::string& tool, const std::string& command_line, const LoadOptions&);

/// What is known only at the end: counts, losses, the clocks again.
void final_metadata(RecordSink&, const Collector&, const LoadedProbes&, const std::string& end_reason);

}  // namespace tcpwitness
