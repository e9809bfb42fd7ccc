#include "live/process_state.h"

#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include <filesystem>

#include "live/looker.h"

using namespace tcpwitness;

namespace {

/// Under qemu-user /proc shows the emulator, with a thread of its own and the other architecture's system calls. It hides itself from a program
/// that looks at its own entry, not at its child's.
bool is_emulated(pid_t child) {
    const auto program = [](const std::string& process) { return std::filesystem::read_symlink("/proc/" + process + "/exe"); };
    return program("self") != program(std::to_string(child));
}

}  // namespace

TEST_CASE("what a stopped process was doing, and a sleeping one") {
    int ready[2], hold[2];
    REQUIRE(pipe(ready) == 0);
    REQUIRE(pipe(hold) == 0);
    const pid_t child = fork();
    if (child == 0) {
        char byte = 1;
        if (write(ready[1], &byte, 1) != 1 || read(hold[0], &byte, 1) != 1) _exit(1);
        _exit(0);
    }
    char byte;
    REQUIRE(read(ready[0], &byte, 1) == 1);
    const auto pid = static_cast<std::uint32_t>(child);
    const bool emulated = is_emulated(child);
    std::optional<ProcessState> state;
    for (int i = 0; i < 1000 && !(state && state->state == 'S' && (emulated || state->call == "read")); ++i) {
        usleep(1000);
        state = process_state(pid);
    }
    REQUIRE(state);
    CHECK(state->state == 'S');
    if (!emulated) {
        CHECK(state->call == "read");
        CHECK(state->threads == 1);
    }
    CHECK(state->task.pid == pid);
    CHECK_FALSE(state->task.comm.empty());
    kill(child, SIGSTOP);
    waitpid(child, nullptr, WUNTRACED);
    CHECK(process_state(pid)->state == 'T');
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    CHECK_FALSE(process_state(pid));
}

TEST_CASE("who holds a socket") {
    const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    struct stat status{};
    REQUIRE(fstat(fd, &status) == 0);
    SocketHolders holders;
    const std::set<std::uint64_t> asked = {status.st_ino, 0};
    const auto found = holders.of(asked);
    REQUIRE(found.size() == 1);
    CHECK(found.at(status.st_ino) == std::vector<std::uint32_t>{static_cast<std::uint32_t>(getpid())});
    close(fd);
    CHECK(holders.of(asked)[status.st_ino].empty());
}

TEST_CASE("system calls by name") {
    CHECK(system_call_name(SYS_accept4) == "accept4");
    CHECK(system_call_name(SYS_futex) == "futex");
    CHECK(system_call_name(9999) == "call 9999");
}

TEST_CASE("the counters of a namespace's listeners") {
    const auto counters = ListenCounters::parse("TcpExt: SyncookiesSent Other ListenOverflows\nTcpExt: 5 6 7\nIpExt: ListenOverflows\nIpExt: 9\n");
    CHECK(counters.syn_cookies == 5);
    CHECK(counters.overflows == 7);
    CHECK(ListenCounters::parse("").overflows == 0);
    CHECK(ListenCounters::parse("TcpExt: ListenOverflows\n").overflows == 0);
}
