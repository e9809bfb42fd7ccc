#pragma once

#include <span>
#include <string>
#include <vector>

namespace tcpwitness {

/// Exit codes: 0 done, 1 the job could not be done, 2 the command line was wrong. `record` passes on its command's.
enum ExitCode { exit_done = 0, exit_failed = 1, exit_usage = 2 };

struct Command {
    const char* name;
    const char* summary;
    int (*run)(const std::vector<std::string>& arguments);
};

/// The table that help and dispatch read.
std::span<const Command> commands();

int run_record(const std::vector<std::string>& arguments);
int run_live(const std::vector<std::string>& arguments);
int run_report(const std::vector<std::string>& arguments);
int run_doctor(const std::vector<std::string>& arguments);
int run_demo(const std::vector<std::string>& arguments);
int run_explain(const std::vector<std::string>& arguments);
int run_rules(const std::vector<std::string>& arguments);
int run_probes(const std::vector<std::string>& arguments);

/// "tcpwitness: MESSAGE" on stderr; returns `code`.
int complain(const std::string& message, int code = exit_failed);

/// "tcpwitness 0.1.0"
const char* tool_name();

}  // namespace tcpwitness
