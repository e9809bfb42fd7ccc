#pragma once

#include <sys/types.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/result.h"

namespace tcpwitness {

/// A command that is forked at once and runs only when told to, so that the recording has begun before its first call.
class Child {
public:
    /// The fork waits. The parent's signal mask must not be changed yet: the command inherits it.
    static Result<Child> prepare(const std::vector<std::string>& command);
    /// The same with a function of this program; its result is the exit code.
    static Result<Child> prepare(std::function<int()> work);

    Child(Child&&) noexcept;
    ~Child();  ///< a command that was never let go ends by itself

    /// Starts the command. The error says why it cannot be run.
    Status go();

    int pidfd() const { return pidfd_.get(); }
    pid_t pid() const { return pid_; }

    /// The wait status when it has ended, else nothing.
    std::optional<int> ended();

private:
    Child() = default;
    static Result<Child> fork_waiting(const std::string& name, const std::function<int(int failure_fd)>& work);
    std::string name_;  ///< for messages
    pid_t pid_ = -1;
    Fd pidfd_, start_, failure_;
    std::optional<int> status_;
};

/// What a shell makes of a wait status: the exit code, or 128 + signal.
int exit_code(int wait_status);

}  // namespace tcpwitness
