#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "parsers/byte_source.h"
#include "sources/sources.h"

namespace tcpwitness {

/// A file that is open for reading, decompressed when its content is gzip or zstd.
struct SourceFile {
    std::string path;                   ///< as given
    std::string name;                   ///< for messages: the path as given, or "standard input"
    const Source* source;               ///< which kind it is, by its content; never nullptr
    std::unique_ptr<ByteSource> bytes;  ///< from the first one on
    std::uint64_t plain_size = 0;       ///< of a regular file that is not compressed: it can be opened once more; else 0
};

/// A file, a pipe or "-" (stdin). The error names it and says, where it is no kind that can be read, what it seems to be.
Result<SourceFile> open_source(const std::string& path);

}  // namespace tcpwitness
