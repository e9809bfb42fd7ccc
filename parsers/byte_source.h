#pragma once

#include <cstddef>
#include <string>

#include "base/result.h"

namespace tcpwitness {

/// Where a parser's bytes come from: a file, a pipe, a decompressor, or memory in a test.
class ByteSource {
public:
    virtual ~ByteSource() = default;

    /// Up to `size` bytes; 0 = the end.
    virtual Result<std::size_t> read(void* buffer, std::size_t size) = 0;

    /// What is read is not what the file holds, but decompressed.
    virtual bool expands() const { return false; }

    /// After the end: why the bytes stop before their end ("the zstd stream is cut off"); empty = they do not.
    virtual std::string cut_note() const { return {}; }
};

}  // namespace tcpwitness
