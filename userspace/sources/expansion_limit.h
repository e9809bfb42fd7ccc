#pragma once

#include <cstdint>
#include <memory>

#include "sources/fd_source.h"

namespace tcpwitness {

/// Refuses a file that decompresses to far more than it holds. For readers that keep all of what they read: a few bytes can be made to expand
/// to more than memory holds. Such a file is no trace, which compresses about 20 to 1; a capture of equal packets may be honest at 1000 to 1.
class ExpansionLimit : public ByteSource {
public:
    /// `file` lies somewhere below `expanded` and lives as long.
    ExpansionLimit(std::unique_ptr<ByteSource> expanded, const FdSource& file) : expanded_(std::move(expanded)), file_(file) {}

    Result<std::size_t> read(void* buffer, std::size_t size) override;
    std::string cut_note() const override { return expanded_->cut_note(); }

private:
    std::unique_ptr<ByteSource> expanded_;
    const FdSource& file_;
    std::uint64_t given_ = 0;
};

}  // namespace tcpwitness
