// The user's capture again, with what a report knows about its packets in it.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "correlate/story.h"
#include "findings/finding.h"
#include "outputs/outputs.h"
#include "outputs/sink.h"

namespace tcpwitness {

struct ExportArguments {
    bool inline_events = false;  ///< socket events among the packets, as journal blocks
    bool packets_only = false;   ///< what libpcap's tools read: no records of ours, one kind of link
};

/// Whether these words can be followed: `exports` says that --format pcapng was given, which reads files twice and does not write to a terminal.
Status check_export(const ExportArguments&, bool exports, const std::string& out, const std::vector<std::string>& files);

/// Writes the file of OutputOptions::recording again into `sink`. Returns what there is to say about it, a line each: what was written, what was left out and why,
/// and where to look in `out`, the name that the file will have ("" or "-": standard output).
Result<std::string> export_capture(const Story&, std::span<const Finding>, const OutputOptions&, const ExportArguments&,
                                   const std::string& out, Sink& sink);

}  // namespace tcpwitness
