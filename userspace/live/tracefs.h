// Tracepoint numbers, without mounting anything on the host.
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

    /// The number of an event ("syscalls/sys_enter_connect") for perf_event_open.
    Result<std::uint64_t> event_id(const std::string& event) const;

private:
    explicit Tracefs(Fd root) : root_(std::move(root)) {}
    Fd root_;
};

}  // namespace tcpwitness
