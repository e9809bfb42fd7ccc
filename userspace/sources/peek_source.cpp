#include "sources/peek_source.h"

namespace tcpwitness {

Result<std::string_view> PeekSource::peek(std::size_t size) {
    while (kept_.size() < size) {
        const std::size_t had = kept_.size();
        kept_.resize(size);
        const auto got = source_->read(kept_.data() + had, size - had);
        kept_.resize(had + (got ? *got : 0));
        if (!got) return got.error();
        if (*got == 0) break;
    }
    return std::string_view(kept_).substr(0, size);
}

Result<std::size_t> PeekSource::read(void* buffer, std::size_t size) {
    if (kept_.empty()) return source_->read(buffer, size);
    const std::size_t count = kept_.copy(static_cast<char*>(buffer), size, begin_);
    begin_ += count;
    if (begin_ == kept_.size()) kept_ = {}, begin_ = 0;
    return count;
}

}  // namespace tcpwitness
