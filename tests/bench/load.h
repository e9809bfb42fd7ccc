// What the benchmark's load programs share: options by name, namespaces, failing loudly.
#pragma once

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>

namespace load {

[[noreturn]] inline void die(const char* what) {
    std::fprintf(stderr, "%s: %s\n", what, std::strerror(errno));
    std::exit(1);
}

inline void check(bool good, const char* what) {
    if (!good) die(what);
}

/// "--name value" pairs over their defaults; anything else ends the program with the list of names.
class Options {
public:
    Options(int argc, char** argv, std::map<std::string, std::string> defaults) : values_(std::move(defaults)) {
        for (int i = 1; i < argc; i += 2) {
            const std::string word = argv[i];
            const auto known = word.starts_with("--") ? values_.find(word.substr(2)) : values_.end();
            if (known == values_.end() || i + 1 >= argc) usage(argv[0]);
            known->second = argv[i + 1];
        }
    }
    const std::string& text(const char* name) const { return values_.at(name); }
    double number(const char* name) const { return std::atof(text(name).c_str()); }

private:
    [[noreturn]] void usage(const char* program) const {
        std::fprintf(stderr, "usage: %s", program);
        for (const auto& [name, value] : values_) std::fprintf(stderr, " [--%s %s]", name.c_str(), value.empty() ? "TEXT" : value.c_str());
        std::fputs("\n", stderr);
        std::exit(2);
    }
    std::map<std::string, std::string> values_;
};

/// The calling thread goes into the network namespace of that name; "" stays.
inline void enter(const std::string& name) {
    if (name.empty()) return;
    const int fd = open(("/run/netns/" + name).c_str(), O_RDONLY | O_CLOEXEC);
    check(fd >= 0 && setns(fd, CLONE_NEWNET) == 0, "network namespace");
    close(fd);
}

}  // namespace load
