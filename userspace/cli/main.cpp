#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <exception>

#include <fmt/format.h>

#include "base/text.h"
#include "cli/commands.h"

namespace {

using namespace tcpwitness;

void print_usage(std::FILE* to) {
    fmt::print(to, "usage: tcpwitness COMMAND [OPTIONS]\n\nSays which TCP sockets of this host timed out or were reset, step by step,\nby whom, and how sure that is.\n\nCommands:\n");
    for (const Command& command : commands()) fmt::print(to, "  {:<9} {}\n", command.name, command.summary);
    fmt::print(to, "\ntcpwitness COMMAND --help tells more. Try `tcpwitness demo` first.\n");
}

/// A descriptor that the caller closed would be reused, and messages end up in the trace: the null device takes its place.
void occupy_standard_descriptors() {
    int fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= STDERR_FILENO) fd = dup(fd);
    if (fd > STDERR_FILENO) close(fd);
}

int run(const std::vector<std::string>& words) {
    if (words.empty()) {
        print_usage(stderr);
        return exit_usage;
    }
    if (words[0] == "--help" || words[0] == "-h" || words[0] == "help") {
        print_usage(stdout);
        return exit_done;
    }
    if (words[0] == "--version" || words[0] == "-V") {
        fmt::print("{}\n", tool_name());
        return exit_done;
    }
    for (const Command& command : commands())
        if (words[0] == command.name) return command.run({words.begin() + 1, words.end()});
    return complain("there is no command '" + printable(words[0]) + "'; tcpwitness --help lists them", exit_usage);
}

}  // namespace

int main(int argc, char** argv) {
    occupy_standard_descriptors();
    try {
        const int code = run({argv + 1, argv + argc});
        if (std::fflush(stdout) != 0 && code == exit_done) return complain("writing to stdout failed");
        return code;
    } catch (const std::bad_alloc&) {
        return complain("out of memory");
    } catch (const std::exception& error) {
        return complain(error.what());
    }
}
