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
    const auto slash = path.rfind('/');
    const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
    if (Fd fd(::open(folder.c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0666)); fd) {
        FileSink sink(std::move(fd), path, {});
        sink.nameless_ = true;
        sink.force_ = force;
        return sink;
    }
    std::string temporary = path + ".XXXXXX";  // not every file system has nameless files
    Fd fd(mkostemp(temporary.data(), O_CLOEXEC));
    if (!fd) return Error{path + ": " + std::strerror(errno)};
    const mode_t mask = umask(0);
    umask(mask);
    fchmod(fd.get(), 0666 & ~mask);
    return FileSink(std::move(fd), path, std::move(temporary));
}

FileSink::FileSink(FileSink&& other) noexcept
    : fd_(std::move(other.fd_)), path_(std::move(other.path_)), temporary_(std::exchange(other.temporary_, {})),
      nameless_(other.nameless_), force_(other.force_), buffer_(std::move(other.buffer_)), error_(other.error_) {}

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

/// A name that exists is replaced in one step, by way of a second name.
Status FileSink::name_it() {
    const std::string self = "/proc/self/fd/" + std::to_string(fd_.get());
    const auto link = [&](const std::string& name) { return linkat(AT_FDCWD, self.c_str(), AT_FDCWD, name.c_str(), AT_SYMLINK_FOLLOW) == 0; };
    if (link(path_)) return success();
    if (errno == EEXIST && force_ && link(path_ + "." + std::to_string(getpid()))) {
        temporary_ = path_ + "." + std::to_string(getpid());
        return success();
    }
    return Error{"writing " + path_ + ": " + std::strerror(errno)};
}

Status FileSink::commit() {
    flush();
    if (error_ == EPIPE) return success();
    const std::string name = path_.empty() ? "stdout" : path_;
    if (error_) return Error{"writing " + name + ": " + std::strerror(error_)};
    if (nameless_)
        if (const Status named = name_it(); !named) return named;
    if (!temporary_.empty()) {
        if (rename(temporary_.c_str(), path_.c_str()) != 0) return Error{"writing " + name + ": " + std::strerror(errno)};
        temporary_.clear();
    }
    return success();
}

}  // namespace tcpwitness
