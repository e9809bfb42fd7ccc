#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>

#include "cli/absent.h"
#include "support/folder.h"

using namespace tcpwitness;

TEST_CASE("a name or number that no process has is told") {
    const Folder folder;
    const std::filesystem::path proc = folder / "proc";
    for (const auto& [thread, name] : {std::pair{"70", "nginx"}, {"71", "worker-thread"}}) {
        std::filesystem::create_directories(proc / "70/task" / thread);
        std::ofstream(proc / "70/task" / thread / "comm") << name << '\n';
    }
    Filter filter;
    CHECK(absent_processes(filter, "", proc).empty());
    filter.pids = {70, 71};
    filter.comms = {"nginx", "worker-thread", "ngnix\u202e", "a-name-that-is-"};
    CHECK(absent_processes(filter, "/usr/bin/a-name-that-is-too-long", proc) ==
          std::vector<std::string>{"--pid 71: no process has that number now", "--comm ngnix?: no process or thread has that name now"});
}
