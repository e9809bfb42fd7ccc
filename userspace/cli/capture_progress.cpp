#include "cli/capture_progress.h"

#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include "base/text.h"

namespace tcpwitness {

namespace {

/// 0 = not known: a pipe, or a compressed file, which grows as it is read.
std::uint64_t size_of(const std::string& file) {
    struct stat status;
    if (::stat(file.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return 0;
    return static_cast<std::uint64_t>(status.st_size);
}

}  // namespace

CaptureProgress progress_of(const std::string& file) {
    if (!isatty(STDERR_FILENO)) return {};
    return [name = printable(file), size = size_of(file), told = std::uint64_t{0}](std::uint64_t offset) mutable {
        constexpr std::uint64_t million = 1'000'000;
        if (offset / (16 * million) == told) return;
        told = offset / (16 * million);
        if (size >= offset)
            fmt::print(stderr, "\r{}: {} of {} MB read ", name, offset / million, size / million);
        else
            fmt::print(stderr, "\r{}: {} MB read ", name, offset / million);
    };
}

void end_progress() {
    if (isatty(STDERR_FILENO)) fmt::print(stderr, "\r\x1b[K");
}

}  // namespace tcpwitness
