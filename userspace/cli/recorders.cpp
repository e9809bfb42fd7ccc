#include "cli/recorders.h"

#include <net/if.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <fmt/format.h>

#include "base/text.h"
#include "live/beacon.h"

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

/// Whether the process has its beacon on.
bool takes_packets(std::uint32_t pid) {
    std::error_code gone;
    for (std::filesystem::directory_iterator entry(fmt::format("/proc/{}/task", pid), gone), end; !gone && entry != end; entry.increment(gone)) {
        std::ifstream file(entry->path() / "comm");
        std::string name;
        if (std::getline(file, name) && name == Beacon::thread_name) return true;
    }
    return false;
}

void add_processes(MarkerRecorders& to) {
    std::error_code gone;
    std::vector<std::uint32_t> pids;
    for (std::filesystem::directory_iterator entry("/proc", gone), end; !gone && entry != end; entry.increment(gone))
        if (const auto pid = parse_number<std::uint32_t>(entry->path().filename().string())) pids.push_back(*pid);
    std::sort(pids.begin(), pids.end());
    for (const std::uint32_t pid : pids)
        if (const auto words = command_line_of(pid); records(words))
            (takes_packets(pid) ? to.taking : to.idle).push_back(fmt::format("tcpwitness {} (pid {})", words[1], pid));
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
        to.push_back(fmt::format("a packet capture on {} that lets ICMP through", interface == 0 ? "all devices" : "lo"));
    }
}

}  // namespace

MarkerRecorders marker_recorders() {
    MarkerRecorders all;
    add_processes(all);
    add_captures(all.taking);
    return all;
}

MarkerRecorders taking_throughout(const MarkerRecorders& before, const MarkerRecorders& after) {
    MarkerRecorders result;
    const auto holds = [](const std::vector<std::string>& names, const std::string& name) { return std::find(names.begin(), names.end(), name) != names.end(); };
    for (const std::string& name : before.taking) (holds(after.taking, name) ? result.taking : result.idle).push_back(name);
    for (const auto* names : {&before.idle, &after.taking, &after.idle})
        for (const std::string& name : *names)
            if (!holds(result.taking, name) && !holds(result.idle, name)) result.idle.push_back(name);
    return result;
}

}  // namespace tcpwitness
