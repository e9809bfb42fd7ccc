#include "parsers/block_buffer.h"

#include <algorithm>
#include <cstring>

namespace tcpwitness {

namespace {

constexpr std::size_t chunk = 256 * 1024;

}  // namespace

Result<std::string_view> BlockBuffer::fill(std::size_t size) {
    while (end_ - begin_ < size && !ended_) {
        if (begin_ > 0) {
            std::memmove(bytes_.data(), bytes_.data() + begin_, end_ - begin_);
            end_ -= begin_;
            begin_ = 0;
        }
        // Grows by what has really come, not by what a length field claims.
        if (bytes_.size() - end_ < chunk) bytes_.resize(std::max(bytes_.size() * 2, end_ + chunk));
        auto got = source_.read(bytes_.data() + end_, bytes_.size() - end_);
        if (!got) return got.error();
        if (*got == 0) ended_ = true;
        end_ += *got;
    }
    return std::string_view(bytes_.data() + begin_, std::min(size, end_ - begin_));
}

}  // namespace tcpwitness
