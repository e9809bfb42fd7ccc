#include "sources/fd_source.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include <fmt/format.h>

namespace tcpwitness {

Result<std::unique_ptr<FdSource>> FdSource::open(const std::string& path) {
    const bool standard_input = path == "-";
    Fd fd(standard_input ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd) return Error{fmt::format("cannot open: {}", std::strerror(errno))};
    std::unique_ptr<FdSource> source(new FdSource(std::move(fd), standard_input));
    struct stat status;
    if (::fstat(source->fd_.get(), &status) != 0) return source;
    if (S_ISDIR(status.st_mode)) return Error{"a directory; give the files in it"};
    if (S_ISREG(status.st_mode)) source->size_ = static_cast<std::uint64_t>(status.st_size);
    return source;
}

FdSource::~FdSource() {
    if (borrowed_) fd_.release();
}

Result<std::size_t> FdSource::read(void* buffer, std::size_t size) {
    while (true) {
        const ssize_t got = ::read(fd_.get(), buffer, size);
        if (got >= 0) {
            taken_ += static_cast<std::uint64_t>(got);
            return static_cast<std::size_t>(got);
        }
        if (errno != EINTR) return Error{fmt::format("cannot read: {}", std::strerror(errno))};
    }
}

}  // namespace tcpwitness
