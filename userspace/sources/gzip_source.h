#pragma once

#include <memory>
#include <string>
#include <vector>

#include "parsers/byte_source.h"

struct z_stream_s;

namespace tcpwitness {

/// Decompresses another source as it is read; members that follow each other are one stream. A stream that is cut off ends where its bytes
/// end, and says so.
class GzipSource : public ByteSource {
public:
    explicit GzipSource(std::unique_ptr<ByteSource> compressed);
    ~GzipSource() override;

    Result<std::size_t> read(void* buffer, std::size_t size) override;
    bool expands() const override { return true; }
    std::string cut_note() const override { return cut_note_; }

private:
    struct Free {
        void operator()(z_stream_s* stream) const;
    };
    Status refill();

    std::unique_ptr<ByteSource> compressed_;
    std::vector<unsigned char> in_;
    std::unique_ptr<z_stream_s, Free> stream_;
    bool inside_member_ = true, ended_ = false;
    std::string cut_note_;
};

}  // namespace tcpwitness
