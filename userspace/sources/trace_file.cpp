#include "sources/trace_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include "base/fd.h"
#include "parsers/text_lines.h"
#include "parsers/trace_decoder.h"
#include "parsers/windows_text.h"
#include "sources/peek_source.h"
#include "sources/gzip_source.h"
#include "sources/zstd_source.h"

namespace tcpwitness {

namespace {

constexpr std::string_view pcapng_magic = "\x0a\x0d\x0d\x0a";
constexpr std::string_view zstd_magic = "\x28\xb5\x2f\xfd", gzip_magic = "\x1f\x8b";

class FdSource : public ByteSource {
public:
    FdSource(Fd fd, bool borrowed) : fd_(std::move(fd)), borrowed_(borrowed) {}
    ~FdSource() override {
        if (borrowed_) fd_.release();
    }

    Result<std::size_t> read(void* buffer, std::size_t size) override {
        if (sniffed_begin_ < sniffed_.size()) {
            const std::size_t count = sniffed_.copy(static_cast<char*>(buffer), size, sniffed_begin_);
            sniffed_begin_ += count;
            return count;
        }
        while (true) {
            const ssize_t got = ::read(fd_.get(), buffer, size);
            if (got >= 0) return static_cast<std::size_t>(got);
            if (errno != EINTR) return Error{fmt::format("cannot read: {}", std::strerror(errno))};
        }
    }

    /// The first `size` bytes, fewer when there are no more; a pipe cannot be rewound, so they are kept for read().
    Result<std::string_view> sniff(std::size_t size) {
        while (sniffed_.size() < size) {
            char bytes[16];
            const ssize_t got = ::read(fd_.get(), bytes, std::min(sizeof bytes, size - sniffed_.size()));
            if (got < 0 && errno == EINTR) continue;
            if (got < 0) return Error{fmt::format("cannot read: {}", std::strerror(errno))};
            if (got == 0) break;
            sniffed_.append(bytes, static_cast<std::size_t>(got));
        }
        return std::string_view(sniffed_);
    }

private:
    Fd fd_;
    bool borrowed_;  ///< stdin: not ours to close
    std::string sniffed_;
    std::size_t sniffed_begin_ = 0;
};

}  // namespace

Result<std::unique_ptr<ByteSource>> open_bytes(const std::string& path) {
    const bool standard_input = path == "-";
    Fd fd(standard_input ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd) return Error{fmt::format("cannot open: {}", std::strerror(errno))};
    struct stat status;
    if (::fstat(fd.get(), &status) == 0 && S_ISDIR(status.st_mode)) return Error{"not a tcpwitness trace, but a directory"};
    auto file = std::make_unique<FdSource>(std::move(fd), standard_input);
    const auto start = file->sniff(zstd_magic.size());
    if (!start) return start.error();
    if (*start == zstd_magic) return std::unique_ptr<ByteSource>(std::make_unique<ZstdSource>(std::move(file)));
    if (start->starts_with(gzip_magic)) return std::unique_ptr<ByteSource>(std::make_unique<GzipSource>(std::move(file)));
    return std::unique_ptr<ByteSource>(std::move(file));
}

Result<Trace> read_trace(ByteSource& bytes, const ReadOptions& options) {
    constexpr std::size_t enough = 64 * 1024;  // a text may begin with headers
    PeekSource source(bytes);
    const auto start = source.peek(pcapng_magic.size());
    if (!start) return start.error();
    if (*start == pcapng_magic) return decode_trace(source);
    const auto beginning = source.peek(enough);
    if (!beginning) return beginning.error();
    if (is_windows_text(to_utf8(*beginning))) return decode_windows_text(source, {options.zone});
    return decode_trace(source);  // which says what it is instead
}

Result<Trace> read_trace(const std::string& path, const ReadOptions& options) {
    const std::string name = path == "-" ? "standard input" : path;
    auto bytes = open_bytes(path);
    if (!bytes) return bytes.context(name);
    auto trace = read_trace(**bytes, options);
    if (!trace) return trace.context(name);
    return trace;
}

}  // namespace tcpwitness
