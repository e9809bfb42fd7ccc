#include "sources/zstd_source.h"

#include <new>

#include <fmt/format.h>
#include <zstd.h>

namespace tcpwitness {

namespace {

constexpr int max_window_log = 27;  // 128 MiB, zstd's own limit without --long; what we write needs far less

}  // namespace

void ZstdSource::Free::operator()(ZSTD_DCtx_s* stream) const { ZSTD_freeDCtx(stream); }

ZstdSource::ZstdSource(std::unique_ptr<ByteSource> compressed)
    : compressed_(std::move(compressed)), stream_(ZSTD_createDCtx()), in_(ZSTD_DStreamInSize()) {
    if (!stream_) throw std::bad_alloc();
    ZSTD_DCtx_setParameter(stream_.get(), ZSTD_d_windowLogMax, max_window_log);
}

ZstdSource::~ZstdSource() = default;

Result<std::size_t> ZstdSource::read(void* buffer, std::size_t size) {
    ZSTD_outBuffer out{buffer, size, 0};
    while (out.pos == 0 && size > 0 && !ended_) {
        if (begin_ == end_ && !flushing_) {
            const auto got = compressed_->read(in_.data(), in_.size());
            if (!got) return got.error();
            if (*got == 0) {
                ended_ = true;
                if (inside_frame_) cut_note_ = "the zstd stream is cut off";
                break;
            }
            begin_ = 0;
            end_ = *got;
        }
        ZSTD_inBuffer in{in_.data(), end_, begin_};
        const std::size_t left = ZSTD_decompressStream(stream_.get(), &out, &in);
        if (ZSTD_isError(left)) return Error{fmt::format("damaged zstd stream: {}", ZSTD_getErrorName(left))};
        begin_ = in.pos;
        inside_frame_ = left != 0;
        flushing_ = out.pos == out.size && left != 0;  // more may come out before anything else goes in
    }
    return out.pos;
}

}  // namespace tcpwitness
