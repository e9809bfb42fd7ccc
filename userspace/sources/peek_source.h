#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "parsers/byte_source.h"

namespace tcpwitness {

/// Lets its first bytes be looked at before they are read: a pipe cannot be rewound.
class PeekSource : public ByteSource {
public:
    explicit PeekSource(std::unique_ptr<ByteSource> source) : source_(std::move(source)) {}

    /// The first `size` bytes, fewer where there are no more; only before the first read().
    Result<std::string_view> peek(std::size_t size);

    Result<std::size_t> read(void* buffer, std::size_t size) override;
    std::string cut_note() const override { return source_->cut_note(); }
    bool expands() const override { return source_->expands(); }

private:
    std::unique_ptr<ByteSource> source_;
    std::string kept_;
    std::size_t begin_ = 0;
};

}  // namespace tcpwitness
