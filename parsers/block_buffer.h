#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "parsers/byte_source.h"

namespace tcpwitness {

/// A window over a byte source that hands out consecutive pieces without copying them twice.
class BlockBuffer {
public:
    explicit BlockBuffer(ByteSource& source) : source_(source) {}

    /// Makes at least `size` bytes readable, fewer only at the source's end. They stay valid until the next call.
    Result<std::string_view> peek(std::size_t size) {
        if (end_ - begin_ >= size) return std::string_view(bytes_.data() + begin_, size);
        return fill(size);
    }

    /// Drops bytes that `peek` returned.
    void consume(std::size_t size) {
        begin_ += size;
        offset_ += size;
    }

    std::size_t ready() const { return end_ - begin_; }       ///< bytes that peek gives without reading
    std::uint64_t offset() const { return offset_; }  ///< of the next byte in the source

    const ByteSource& source() const { return source_; }

private:
    Result<std::string_view> fill(std::size_t size);

    ByteSource& source_;
    std::vector<char> bytes_;
    std::size_t begin_ = 0, end_ = 0;
    std::uint64_t offset_ = 0;
    bool ended_ = false;
};

}  // namespace tcpwitness
