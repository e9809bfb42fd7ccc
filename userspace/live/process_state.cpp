#include "live/process_state.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/text.h"
#include "live/kernel.h"

namespace tcpwitness {
namespace {

constexpr std::size_t most_threads = 256;  // that are looked at
constexpr std::size_t most_holders = 64;   // of one socket, and of sockets that are kept

std::string first_line(const std::string& path) {
    std::string line;
    std::ifstream file(path);
    std::getline(file, line);
    return line;
}

/// Stopped and uninterruptible threads say most, then those that run, then those that sleep.
int weight(char state) {
    switch (state) {
        case 'T':
        case 't': return 3;
        case 'D': return 2;
        case 'Z': return 1;
        default: return 0;
    }
}

/// Field 3 and 20 of stat; the name before them may hold blanks and parentheses.
struct Stat {
    char state = 0;
    std::uint32_t threads = 0;
};

Stat read_stat(const std::string& folder) {
    const std::string line = first_line(folder + "/stat");
    const auto name_end = line.rfind(')');
    if (name_end == std::string::npos) return {};
    std::istringstream rest(line.substr(name_end + 1));
    Stat stat;
    rest >> stat.state;
    std::string skipped;
    for (int field = 4; field < 20; ++field) rest >> skipped;
    rest >> stat.threads;
    return stat;
}

/// The inode of the socket that a link in /proc/PID/fd leads to; nothing for other files.
std::optional<std::uint64_t> socket_inode(const std::string& link) {
    constexpr std::string_view prefix = "socket:[";
    char target[64];
    const ssize_t size = readlink(link.c_str(), target, sizeof(target));
    if (size <= static_cast<ssize_t>(prefix.size())) return std::nullopt;
    const std::string_view text(target, static_cast<std::size_t>(size));
    if (!text.starts_with(prefix) || !text.ends_with(']')) return std::nullopt;
    return parse_number<std::uint64_t>(text.substr(prefix.size(), text.size() - prefix.size() - 1));
}

std::vector<std::string> entries(const std::string& folder) {
    std::vector<std::string> names;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(folder, error)) names.push_back(entry.path().filename());
    return names;
}

}  // namespace

std::string system_call_name(std::int64_t number) {
    static const std::map<std::int64_t, const char*> names = {
#define CALL(name) {SYS_##name, #name},
        CALL(accept) CALL(accept4) CALL(bind) CALL(clock_nanosleep) CALL(close) CALL(connect) CALL(copy_file_range) CALL(epoll_pwait)
        CALL(exit) CALL(exit_group) CALL(fallocate) CALL(fcntl) CALL(fdatasync) CALL(flock) CALL(fsync) CALL(ftruncate) CALL(futex)
        CALL(getdents64) CALL(io_getevents) CALL(ioctl) CALL(madvise) CALL(mmap) CALL(mount) CALL(munmap) CALL(nanosleep) CALL(openat)
        CALL(ppoll) CALL(pread64) CALL(preadv) CALL(pselect6) CALL(pwrite64) CALL(pwritev) CALL(read) CALL(readv) CALL(recvfrom)
        CALL(recvmmsg) CALL(recvmsg) CALL(renameat2) CALL(restart_syscall) CALL(rt_sigsuspend) CALL(rt_sigtimedwait) CALL(sched_yield)
        CALL(semtimedop) CALL(sendfile) CALL(sendmmsg) CALL(sendmsg) CALL(sendto) CALL(splice) CALL(statfs) CALL(sync) CALL(syncfs)
        CALL(umount2) CALL(unlinkat) CALL(wait4) CALL(waitid) CALL(write) CALL(writev)
#ifdef SYS_poll  // older calls that newer architectures do without
        CALL(epoll_wait) CALL(open) CALL(pause) CALL(poll) CALL(select)
#endif
#undef CALL
    };
    const auto known = names.find(number);
    return known != names.end() ? known->second : "call " + std::to_string(number);
}

std::optional<ProcessState> process_state(std::uint32_t pid) {
    const std::string process = "/proc/" + std::to_string(pid);
    const Stat whole = read_stat(process);
    if (!whole.state) return std::nullopt;
    std::uint32_t thread = pid;
    char state = whole.state;
    if (whole.threads > 1) {
        std::vector<std::string> threads = entries(process + "/task");
        if (threads.size() > most_threads) threads.resize(most_threads);
        for (const std::string& name : threads) {
            const char one = read_stat(process + "/task/" + name).state;
            if (weight(one) <= weight(state)) continue;
            state = one;
            thread = parse_number<std::uint32_t>(name).value_or(pid);
        }
    }
    const std::string folder = process + "/task/" + std::to_string(thread);
    ProcessState found{{pid, thread, 0, first_line(folder + "/comm")}, state, whole.threads, {}, {}};
    const std::string call = first_line(folder + "/syscall");  // "running", "-1 SP PC", or a number and its arguments
    if (const auto number = parse_number<std::int64_t>(call.substr(0, call.find(' '))); number && *number >= 0)
        found.call = system_call_name(*number);
    found.wait = first_line(folder + "/wchan");
    if (found.wait == "0") found.wait.clear();
    return found;
}


void SocketHolders::look_through_proc(const std::set<std::uint64_t>& inodes) {
    for (const std::string& pid_name : entries("/proc")) {
        const auto pid = parse_number<std::uint32_t>(pid_name);
        if (!pid) continue;
        const std::string folder = "/proc/" + pid_name + "/fd/";
        for (const std::string& fd : entries(folder)) {
            const std::string link = folder + fd;
            const auto inode = socket_inode(link);
            if (!inode || !inodes.contains(*inode)) continue;
            auto& holders = known_[*inode];
            const bool again = std::any_of(holders.begin(), holders.end(), [&](const Holder& one) { return one.pid == *pid; });
            if (!again && holders.size() < most_holders) holders.push_back({*pid, link});
        }
    }
}

std::map<std::uint64_t, std::vector<std::uint32_t>> SocketHolders::of(const std::set<std::uint64_t>& inodes) {
    std::set<std::uint64_t> missing;
    for (const std::uint64_t inode : inodes) {
        if (inode == 0) continue;
        const auto known = known_.find(inode);
        if (known != known_.end()) std::erase_if(known->second, [&](const Holder& one) { return socket_inode(one.link) != inode; });
        if (known == known_.end() || known->second.empty()) missing.insert(inode);
    }
    if (!missing.empty() && boot_clock_ns() >= not_before_ns_) {
        if (known_.size() > most_holders * most_holders) known_.clear();
        const std::uint64_t before = own_cpu_ns();
        look_through_proc(missing);
        not_before_ns_ = boot_clock_ns() + 100 * (own_cpu_ns() - before);
    }
    std::map<std::uint64_t, std::vector<std::uint32_t>> found;
    for (const std::uint64_t inode : inodes)
        if (const auto known = known_.find(inode); known != known_.end())
            for (const Holder& one : known->second) found[inode].push_back(one.pid);
    return found;
}

}  // namespace tcpwitness
