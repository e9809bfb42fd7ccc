#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/time_zone.h"
#include "model/trace.h"
#include "parsers/byte_source.h"
#include "sources/trace_writer.h"

namespace tcpwitness {

/// A file, a pipe or "-" (stdin), decompressed when its content is gzip or zstd.
Result<std::unique_ptr<ByteSource>> open_bytes(const std::string& path);

struct ReadOptions {
    std::optional<TimeZone> zone;  ///< of texts that do not tell their own
};

/// Reads a trace of ours or the text of a Windows trace, plain, gzip or zstd; which of them it is its content tells. The error names the file.
Result<Trace> read_trace(const std::string& path, const ReadOptions& = {});
/// The same from bytes that are open already; the error does not name them.
Result<Trace> read_trace(ByteSource&, const ReadOptions&);

}  // namespace tcpwitness
