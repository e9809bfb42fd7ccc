#include "live/child.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/text.h"

namespace tcpwitness {

Result<Child> Child::prepare(const std::vector<std::string>& command) {
    return fork_waiting(command.front(), [&](int failure_fd) {
        std::vector<char*> arguments;
        for (const std::string& argument : command) arguments.push_back(const_cast<char*>(argument.c_str()));
        arguments.push_back(nullptr);
        execvp(arguments[0], arguments.data());
        const int error = errno;
        (void)!write(failure_fd, &error, sizeof(error));
        return 127;
    });
}

Result<Child> Child::prepare(std::function<int()> work) {
    return fork_waiting("the child process", [&](int failure_fd) {
        close(failure_fd);  // what exec would do: go() waits for it
        return work();
    });
}

Result<Child> Child::fork_waiting(const std::string& name, const std::function<int(int failure_fd)>& work) {
    int start[2], failure[2];
    if (pipe2(start, O_CLOEXEC) != 0) return Error{std::string("pipe: ") + std::strerror(errno)};
    Fd start_read(start[0]), start_write(start[1]);
    if (pipe2(failure, O_CLOEXEC) != 0) return Error{std::string("pipe: ") + std::strerror(errno)};
    Fd failure_read(failure[0]), failure_write(failure[1]);

    const pid_t pid = fork();
    if (pid < 0) return Error{std::string("fork: ") + std::strerror(errno)};
    if (pid == 0) {
        start_write.reset();  // so that the parent's death ends the wait
        char go = 0;
        if (read(start_read.get(), &go, 1) != 1) _exit(127);
        _exit(work(failure_write.release()));
    }
    Child child;
    child.name_ = name;
    child.pid_ = pid;
    child.pidfd_ = Fd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
    child.start_ = std::move(start_write);
    child.failure_ = std::move(failure_read);
    return child;
}

Child::Child(Child&& other) noexcept
    : name_(std::move(other.name_)), pid_(std::exchange(other.pid_, -1)), pidfd_(std::move(other.pidfd_)), start_(std::move(other.start_)),
      failure_(std::move(other.failure_)), status_(other.status_) {}

Child::~Child() {
    if (pid_ < 0 || status_ || !start_) return;
    start_.reset();  // it ends by itself
    waitpid(pid_, nullptr, 0);
}

Status Child::go() {
    const char byte = 1;
    if (!write_all(start_.get(), &byte, 1)) return Error{std::string("the command did not start: ") + std::strerror(errno)};
    start_.reset();
    int error = 0;
    const ssize_t size = read(failure_.get(), &error, sizeof(error));  // closed by a successful exec
    if (size == sizeof(error)) {
        waitpid(pid_, nullptr, 0);
        status_ = 127 << 8;
        return Error{printable(name_) + " cannot be run: " + std::strerror(error)};
    }
    return success();
}

std::optional<int> Child::ended() {
    int status = 0;
    if (!status_ && waitpid(pid_, &status, WNOHANG) == pid_) status_ = status;
    return status_;
}

int exit_code(int status) { return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status); }

}  // namespace tcpwitness
