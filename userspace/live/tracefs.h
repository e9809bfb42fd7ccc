// Tracepoints as perf events, without mounting anything on the host.
#pragma once

#include <cstdint>
#include <string>

#include "base/fd.h"
#include "base/result.h"

namespace tcpwitness {

/// tracefs through a mount of its own that is attached nowhere (fsmount(2)) and goes with this object; the host's mount table
/// does not change, and it need not have tracefs mounted.
class Tracefs {
public:
    static Result<Tracefs> open();

    /// A perf event of that tracepoint ("syscalls/sys_enter_connect"): a program that is attached to it runs for every process on every CPU.
    Result<Fd> open_event(const std::string& event) const;

private:
    explicit Tracefs(Fd root) : root_(std::move(root)) {}
    Result<std::uint64_t> event_id(const std::string& event) const;
    Fd root_;
};

}  // namespace tcpwitness
