#include "cli/file_sink.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace tcpwitness {

Result<FileSink> FileSink::open(const std::string& path, bool force) {
    if (path.empty() || path == "-") return FileSink(Fd(), {}, {});
    struct stat status{};
    if (stat(path.c_str(), &status) == 0) {
        if (!S_ISREG(status.st_mode)) {  // a device or a pipe has no name to take over
            Fd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
            if (!fd) return Error{path + ": " + std::strerror(errno)};
            return FileSink(std::move(fd), path, {});
        }
        if (!force) return Error{path + " exists; --force writes over it"};
    }
    std::string temporary = path + ".XXXXXX";
    Fd fd(mkostemp(temporary.data(), O_CLOEXEC));
    if (!fd) return Error{path + ": " + std::strerror(errno)};
    const mode_t mask = umask(0);
    umask(mask);
    fchmod(fd.get(), 0666 & ~mask);
    return FileSink(std::move(fd), path, std::move(temporary));
}

FileSink::FileSink(FileSink&& other) noexcept
    : fd_(std::move(other.fd_)), path_(std::move(other.path_)), temporary_(std::exchange(other.temporary_, {})),
      buffer_(std::move(other.buffer_)), error_(other.error_) {}

FileSink::~FileSink() {
    if (!temporary_.empty()) unlink(temporary_.c_str());
}

int FileSink::number() const { return fd_ ? fd_.get() : STDOUT_FILENO; }

void FileSink::append(std::string_view text) {
    if (error_) return;
    buffer_ += text;
    if (buffer_.size() >= 256 * 1024) flush();
}

void FileSink::flush() {
    if (!error_ && !write_all(number(), buffer_.data(), buffer_.size())) error_ = errno;
    buffer_.clear();
}

Status FileSink::commit() {
    flush();
    if (error_ == EPIPE) return success();
    const std::string name = path_.empty() ? "stdout" : path_;
    if (error_) return Error{"writing " + name + ": " + std::strerror(error_)};
    if (!temporary_.empty()) {
        if (rename(temporary_.c_str(), path_.c_str()) != 0) return Error{"writing " + name + ": " + std::strerror(errno)};
        temporary_.clear();
    }
    return success();
}

}  // namespace tcpwitness
