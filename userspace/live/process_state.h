// What a process is doing at this moment, as /proc shows it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "model/event.h"

namespace tcpwitness {

struct ProcessState {
    Task task;                  ///< the thread that says most: one that is stopped or waits uninterruptibly, else the first
    char state = 0;             ///< 'R', 'S', 'D', 'T', 't', 'Z'
    std::uint32_t threads = 0;
    std::string call;           ///< the system call that the thread is in, by name; empty: in none
    std::string wait;           ///< the kernel function that it waits in; empty: none, or hidden
};

/// Nothing when the process is gone or hidden.
std::optional<ProcessState> process_state(std::uint32_t pid);

/// "accept4"; "system call 999" for one that has no name here.
std::string system_call_name(std::int64_t number);

/// Who has a socket open, by the inode of its file. Looking through /proc is slow, so answers are kept and checked again when asked for.
class SocketHolders {
public:
    /// Processes that hold each of the sockets; a socket that nobody holds, or that was not looked for now, is left out.
    std::map<std::uint64_t, std::vector<std::uint32_t>> of(const std::set<std::uint64_t>& inodes);

private:
    void look_through_proc(const std::set<std::uint64_t>& inodes);
    struct Holder {
        std::uint32_t pid;
        std::string link;  ///< /proc/PID/fd/N
    };
    std::map<std::uint64_t, std::vector<Holder>> known_;
    std::uint64_t not_before_ns_ = 0;  ///< looking through /proc takes a hundredth of a CPU at most
};

}  // namespace tcpwitness
