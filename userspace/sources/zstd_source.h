#pragma once

#include <memory>
#include <string>
#include <vector>

#include "parsers/byte_source.h"

struct ZSTD_DCtx_s;

namespace tcpwitness {

/// Decompresses another source as it is read. A stream that is cut off ends where its bytes end, and says so.
class ZstdSource : public ByteSource {
public:
    explicit ZstdSource(std::unique_ptr<ByteSource> compressed);
    ~ZstdSource() override;

    Result<std::size_t> read(void* buffer, std::size_t size) override;
    bool expands() const override { return true; }
    std::string cut_note() const override { return cut_note_; }

private:
    struct Free {
        void operator()(ZSTD_DCtx_s* stream) const;
    };
    std::unique_ptr<ByteSource> compressed_;
    std::unique_ptr<ZSTD_DCtx_s, Free> stream_;
    std::vector<char> in_;
    std::size_t begin_ = 0, end_ = 0;
    bool inside_frame_ = true, flushing_ = false, ended_ = false;
    std::string cut_note_;
};

}  // namespace tcpwitness
