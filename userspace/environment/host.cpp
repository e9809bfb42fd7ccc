#include "environment/host.h"

#include <sys/syscall.h>
#include <sys/timex.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include <fmt/format.h>

namespace tcpwitness {

namespace {

std::string first_line(const char* path) {
    std::ifstream file(path);
    std::string line;
    std::getline(file, line);
    return line;
}

std::string taints_text(const std::string& letters) {
    static constexpr struct {
        char letter;
        const char* means;
    } known[] = {{'P', "proprietary"}, {'O', "out of tree"}, {'F', "loaded by force"}, {'C', "staging"}, {'E', "not signed"}};
    std::string text;
    for (const auto& [letter, means] : known)
        if (letters.find(letter) != std::string::npos) text += (text.empty() ? "" : ", ") + std::string(means);
    return text;
}

/// Since Linux 6.8 the kernel tells them without a file system that has to be mounted.
std::string security_modules_by_call() {
    constexpr long lsm_list_modules = 461;
    static constexpr const char* names[] = {"capability", "selinux", "smack", "tomoyo", "apparmor", "yama", "loadpin", "safesetid", "lockdown", "bpf", "landlock", "ima", "evm", "ipe"};
    std::uint64_t ids[32];
    std::uint32_t size = sizeof ids;
    const long count = syscall(lsm_list_modules, ids, &size, 0);
    std::string text;
    for (long i = 0; i < count; ++i) {
        const std::uint64_t number = ids[i] - 100;
        text += (i ? "," : "") + (number < std::size(names) ? std::string(names[number]) : std::to_string(ids[i]));
    }
    return text;
}

}  // namespace

void add_modules(const std::string& proc_modules, Facts& facts) {
    std::istringstream lines(proc_modules);
    for (std::string line; std::getline(lines, line);) {
        const auto open = line.rfind('('), close = line.rfind(')');
        if (open == std::string::npos || close == std::string::npos || close < open) continue;
        const std::string what = taints_text(line.substr(open + 1, close - open - 1));
        if (!what.empty()) facts.add("module", line.substr(0, line.find(' ')), what);
    }
}

void add_security_modules(Facts& facts) {
    std::string list = first_line("/sys/kernel/security/lsm");
    if (list.empty()) list = security_modules_by_call();
    if (list.empty()) return facts.unreadable("lsm", "", "securityfs is not mounted, and this kernel does not tell otherwise (Linux 6.8 and later do)");
    facts.add("lsm", "", list);
}

void add_clocks(Facts& facts) {
    const std::string source = first_line("/sys/devices/system/clocksource/clocksource0/current_clocksource");
    if (source.empty()) facts.unreadable("clock", "source", "/sys does not show it");
    else facts.add("clock", "source", source);
    timex state{};
    const int told = adjtimex(&state);
    if (told < 0) return facts.unreadable("clock", "ntp", std::strerror(errno));
    std::string text = state.status & STA_UNSYNC ? "nothing keeps the wall clock right" : "synchronised";
    if (told == TIME_INS || told == TIME_DEL) text += ", a leap second is due";
    facts.add("clock", "ntp", text);
}

}  // namespace tcpwitness
