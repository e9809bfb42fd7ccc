#pragma once

#include <sys/types.h>

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

    Child(Child&&) noexcept;
    ~Child();  ///< a command that was never let go is ended

    /// Starts the command. The error says why it cannot be run.
    Status go();

    int pidfd() const { return pidfd_.get(); }
    pid_t pid() const { return pid_; }

    /// The wait status when it has ended, else nothing.
    std::optional<int> ended();

private:
    Child() = default;
    pid_t pid_ = -1;
    Fd pidfd_, start_, failure_;
    std::optional<int> status_;
};

/// What a shell makes of a wait status: the exit code, or 128 + signal.
int exit_code(int wait_status);

}  // namespace tcpwitness
