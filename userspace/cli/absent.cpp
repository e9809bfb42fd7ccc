#include "cli/absent.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <set>
#include <system_error>

#include <fmt/format.h>

#include "base/text.h"

namespace tcpwitness {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kernel_keeps = 15;  // characters of a name

bool number(const std::string& name) { return !name.empty() && std::all_of(name.begin(), name.end(), [](unsigned char c) { return std::isdigit(c); }); }

std::string first_line(const fs::path& path) {
    std::ifstream file(path);
    std::string line;
    std::getline(file, line);
    return line;
}

/// The call counts under the name of the thread that makes it.
std::set<std::string> names_of_threads(const std::string& proc) {
    std::set<std::string> names;
    std::error_code ignored;
    for (const auto& process : fs::directory_iterator(proc, ignored)) {
        if (!number(process.path().filename())) continue;
        for (const auto& thread : fs::directory_iterator(process.path() / "task", ignored)) names.insert(first_line(thread.path() / "comm"));
    }
    return names;
}

}  // namespace

std::vector<std::string> absent_processes(const Filter& filter, const std::string& command, const std::string& proc) {
    std::vector<std::string> said;
    std::error_code ignored;
    for (const std::uint32_t pid : filter.pids)
        if (!fs::exists(fs::path(proc) / std::to_string(pid), ignored)) said.push_back(fmt::format("--pid {}: no process has that number now", pid));
    if (filter.comms.empty()) return said;
    std::set<std::string> names = names_of_threads(proc);
    if (!command.empty()) names.insert(fs::path(command).filename().string().substr(0, kernel_keeps));
    for (const std::string& comm : filter.comms)
        if (!names.contains(comm.substr(0, kernel_keeps))) said.push_back(fmt::format("--comm {}: no process or thread has that name now", printable(comm)));
    return said;
}

}  // namespace tcpwitness
