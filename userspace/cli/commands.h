#pragma once

#include <span>
#include <string>
#include <vector>

namespace tcpwitness {

/// Exit codes. `record` and `live` pass on their command's; 127 says, as a shell does, that it could not be run.
enum ExitCode { exit_done = 0, exit_failed = 1, exit_usage = 2, exit_no_command = 127 };

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
int run_mark(const std::vector<std::string>& arguments);
int run_doctor(const std::vector<std::string>& arguments);
int run_demo(const std::vector<std::string>& arguments);
int run_explain(const std::vector<std::string>& arguments);
int run_rules(const std::vector<std::string>& arguments);
int run_probes(const std::vector<std::string>& arguments);

/// "tcpwitness: MESSAGE" on stderr, fit for a terminal; returns `code`.
int complain(const std::string& message, int code = exit_failed);

/// For complain(): this command takes none.
std::string unexpected_operand(const char* command, const std::string& operand);

/// "tcpwitness 0.1.0"
const char* tool_name();

}  // namespace tcpwitness
