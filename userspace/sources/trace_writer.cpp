#include "sources/trace_writer.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <new>
#include <vector>

#include <fmt/format.h>
#include <zstd.h>

namespace tcpwitness {

namespace {

constexpr std::size_t flush_bytes = 1u << 20;
constexpr std::chrono::seconds flush_time{1};
constexpr int level = 1;  // the recorder shares the host with what it records

bool exists_as_file(const std::string& path) {
    struct stat status;
    return ::lstat(path.c_str(), &status) == 0 && (S_ISREG(status.st_mode) || S_ISLNK(status.st_mode));
}

}  // namespace

class TraceWriter::Compressor {
public:
    Compressor() : stream_(ZSTD_createCStream()), out_(ZSTD_CStreamOutSize()) {
        if (!stream_) throw std::bad_alloc();
        ZSTD_CCtx_setParameter(stream_.get(), ZSTD_c_compressionLevel, level);
        ZSTD_CCtx_setParameter(stream_.get(), ZSTD_c_checksumFlag, 1);
    }

    /// Feeds bytes in; gives what comes out to `put`.
    template <typename Put>
    Status run(std::string_view bytes, ZSTD_EndDirective wanted, Put put) {
        pending_ += bytes.size();
        const auto now = std::chrono::steady_clock::now();
        const bool due = pending_ >= flush_bytes || (pending_ > 0 && now - flushed_ >= flush_time);
        if (wanted == ZSTD_e_continue && due) wanted = ZSTD_e_flush;
        if (wanted != ZSTD_e_continue) {
            pending_ = 0;
            flushed_ = now;
        }
        ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
        while (true) {
            ZSTD_outBuffer out{out_.data(), out_.size(), 0};
            const std::size_t left = ZSTD_compressStream2(stream_.get(), &out, &in, wanted);
            if (ZSTD_isError(left)) return Error{fmt::format("compressing: {}", ZSTD_getErrorName(left))};
            if (const Status done = put(std::string_view(out_.data(), out.pos)); !done) return done;
            if (wanted == ZSTD_e_continue ? in.pos == in.size : left == 0) return success();
        }
    }

private:
    struct Free {
        void operator()(ZSTD_CStream* stream) const { ZSTD_freeCStream(stream); }
    };
    std::unique_ptr<ZSTD_CStream, Free> stream_;
    std::vector<char> out_;
    std::size_t pending_ = 0;  ///< fed in since the last flush
    std::chrono::steady_clock::time_point flushed_{};  ///< so the first bytes, which say whose file it is, go out at once
};

TraceWriter::TraceWriter(Fd fd, std::string name, bool borrowed, std::unique_ptr<Compressor> compressor)
    : fd_(std::move(fd)), name_(std::move(name)), borrowed_(borrowed), compressor_(std::move(compressor)) {}
TraceWriter::TraceWriter(TraceWriter&&) noexcept = default;
TraceWriter& TraceWriter::operator=(TraceWriter&&) noexcept = default;

TraceWriter::~TraceWriter() {
    if (borrowed_) fd_.release();
}

Result<TraceWriter> TraceWriter::open(const std::string& path, bool force) {
    if (path == "-") return TraceWriter(Fd(STDOUT_FILENO), "standard output", true, nullptr);
    if (!force && exists_as_file(path))
        return Error{fmt::format("{} exists; choose another name, or say --force to replace it", path)};
    const int exclusive = force ? O_TRUNC : O_EXCL;
    int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | exclusive, 0644);
    if (fd < 0 && errno == EEXIST && !exists_as_file(path)) fd = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);  // a pipe or a device
    if (fd < 0) return Error{fmt::format("cannot write {}: {}", path, std::strerror(errno))};
    TraceWriter writer(Fd(fd), path, false, path.ends_with(".zst") ? std::make_unique<Compressor>() : nullptr);
    struct stat status;
    writer.regular_ = ::fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
    return writer;
}

Status TraceWriter::put(std::string_view bytes) {
    if (bytes.empty()) return success();
    if (!write_all(fd_.get(), bytes.data(), bytes.size())) {
        failed_ = true;
        return Error{errno == EPIPE ? fmt::format("cannot write {}: its reader is gone", name_)
                                    : fmt::format("cannot write {}: {}; the trace ends here", name_, std::strerror(errno))};
    }
    written_ += bytes.size();
    return success();
}

Status TraceWriter::write(std::string_view bytes) {
    if (failed_) return success();
    if (!compressor_) return put(bytes);
    return compressor_->run(bytes, ZSTD_e_continue, [this](std::string_view out) { return put(out); });
}

Status TraceWriter::flush() {
    if (failed_ || !compressor_) return success();
    return compressor_->run({}, ZSTD_e_flush, [this](std::string_view out) { return put(out); });
}

Status TraceWriter::close() {
    Status ended = success();
    if (!failed_ && compressor_) ended = compressor_->run({}, ZSTD_e_end, [this](std::string_view out) { return put(out); });
    const int fd = fd_.release();
    // Network file systems report a full disk only here.
    if (fd >= 0 && !borrowed_ && ::close(fd) != 0 && ended.ok() && !failed_) {
        failed_ = true;
        return Error{fmt::format("cannot write {}: {}", name_, std::strerror(errno))};
    }
    return ended;
}

void TraceWriter::discard() {
    failed_ = true;
    (void)close();
    if (regular_) ::unlink(name_.c_str());
}

}  // namespace tcpwitness
