#include "sources/gzip_source.h"

#include <algorithm>
#include <limits>
#include <new>

#include <fmt/format.h>
#include <zlib.h>

namespace tcpwitness {

namespace {

constexpr int gzip_only = 16 + MAX_WBITS;
constexpr std::size_t chunk = 64 * 1024;

}  // namespace

void GzipSource::Free::operator()(z_stream_s* stream) const {
    inflateEnd(stream);
    delete stream;
}

GzipSource::GzipSource(std::unique_ptr<ByteSource> compressed)
    : compressed_(std::move(compressed)), in_(chunk), stream_(new z_stream_s{}) {
    if (inflateInit2(stream_.get(), gzip_only) != Z_OK) throw std::bad_alloc();
}

GzipSource::~GzipSource() = default;

Status GzipSource::refill() {
    const auto got = compressed_->read(in_.data(), in_.size());
    if (!got) return got.error();
    stream_->next_in = in_.data();
    stream_->avail_in = static_cast<uInt>(*got);
    if (*got > 0) return success();
    ended_ = true;
    if (inside_member_) cut_note_ = "the gzip stream is cut off";
    return success();
}

Result<std::size_t> GzipSource::read(void* buffer, std::size_t size) {
    const auto room = static_cast<uInt>(std::min<std::size_t>(size, std::numeric_limits<uInt>::max()));
    stream_->next_out = static_cast<unsigned char*>(buffer);
    stream_->avail_out = room;
    while (stream_->avail_out == room && room > 0 && !ended_) {
        if (stream_->avail_in == 0) {
            if (const Status filled = refill(); !filled) return filled.error();
            if (ended_) break;
        }
        if (!inside_member_) {
            if (*stream_->next_in == 0) {  // tapes and block devices pad with zeros behind the last member
                ++stream_->next_in;
                --stream_->avail_in;
                continue;
            }
            inflateReset(stream_.get());
            inside_member_ = true;
        }
        const int done = inflate(stream_.get(), Z_NO_FLUSH);
        if (done == Z_STREAM_END) inside_member_ = false;
        else if (done == Z_MEM_ERROR) throw std::bad_alloc();
        else if (done != Z_OK && done != Z_BUF_ERROR)
            return Error{fmt::format("damaged gzip stream: {}", stream_->msg ? stream_->msg : "needs a dictionary")};
    }
    return static_cast<std::size_t>(room - stream_->avail_out);
}

}  // namespace tcpwitness
