#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "model/trace.h"
#include "parsers/byte_source.h"
#include "sources/trace_writer.h"

namespace tcpwitness {

/// A file, a pipe or "-" (stdin), decompressed when its content is zstd.
Result<std::unique_ptr<ByteSource>> open_bytes(const std::string& path);

/// Reads a trace of ours, plain or zstd. The error names the file.
Result<Trace> read_trace(const std::string& path);

}  // namespace tcpwitness
