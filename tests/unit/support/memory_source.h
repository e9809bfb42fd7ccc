#pragma once

#include <algorithm>
#include <string>

#include "parsers/byte_source.h"

/// Bytes in memory, handed out in pieces of at most `piece`, as a pipe would.
class MemorySource : public tcpwitness::ByteSource {
public:
    explicit MemorySource(std::string bytes, std::size_t piece = 4096) : bytes_(std::move(bytes)), piece_(piece) {}

    tcpwitness::Result<std::size_t> read(void* buffer, std::size_t size) override {
        const std::size_t count = bytes_.copy(static_cast<char*>(buffer), std::min(size, piece_), at_);
        at_ += count;
        return count;
    }

private:
    std::string bytes_;
    std::size_t piece_, at_ = 0;
};
