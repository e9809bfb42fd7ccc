#include "cli/recorders.h"

#include <net/if.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <fmt/format.h>

#include "base/text.h"

namespace tcpwitness {
namespace {

/// The words of a process's command line; empty when it is gone, or not ours to see.
std::vector<std::string> command_line_of(std::uint32_t pid) {
    std::ifstream file(fmt::format("/proc/{}/cmdline", pid), std::ios::binary);
    std::vector<std::string> words;
    for (std::string word; std::getline(file, word, '\0');) words.push_back(word);
    return words;
}

bool records(const std::vector<std::string>& words) {
    if (words.size() < 2) return false;
    const auto slash = words[0].rfind('/');
    return words[0].substr(slash == std::string::npos ? 0 : slash + 1) == "tcpwitness" && (words[1] == "record" || words[1] == "live");
}

void add_processes(std::vector<std::string>& to) {
    std::error_code gone;
    std::vector<std::uint32_t> pids;
    for (std::filesystem::directory_iterator entry("/proc", gone), end; !gone && entry != end; entry.increment(gone))
        if (const auto pid = parse_number<std::uint32_t>(entry->path().filename().string())) pids.push_back(*pid);
    std::sort(pids.begin(), pids.end());
    for (const std::uint32_t pid : pids)
        if (const auto words = command_line_of(pid); records(words)) to.push_back(fmt::format("tcpwitness {} (pid {})", words[1], pid));
}

/// Packet sockets that take every protocol, on the loopback device or on all: one row each, in the words of /proc/net/packet.
void add_captures(std::vector<std::string>& to) {
    constexpr unsigned every_protocol = 3;  // ETH_P_ALL
    std::ifstream file("/proc/net/packet");
    std::string row;
    std::getline(file, row);  // the header
    while (std::getline(file, row)) {
        std::istringstream words(row);
        std::string address, references, type;
        unsigned protocol = 0, interface = 0;
        if (!(words >> address >> references >> type >> std::hex >> protocol >> std::dec >> interface) || protocol != every_protocol) continue;
        if (interface != 0 && interface != if_nametoindex("lo")) continue;
        to.push_back(interface == 0 ? "a packet capture on all devices" : "a packet capture on lo");
    }
}

}  // namespace

std::vector<std::string> marker_recorders() {
    std::vector<std::string> all;
    add_processes(all);
    add_captures(all);
    return all;
}

}  // namespace tcpwitness
