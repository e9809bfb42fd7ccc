#include "cli/commands.h"

#include <cstdio>

#include <fmt/format.h>

#include "base/text.h"

namespace tcpwitness {

std::span<const Command> commands() {
    static constexpr Command table[] = {
        {"record", "record what happens to this host's TCP sockets to a file", run_record},
        {"live", "trace this host and print timeouts and resets as they happen", run_live},
        {"report", "print timelines and findings of recorded traces", run_report},
        {"mark", "set a marker, a named point in time, in what records here", run_mark},
        {"doctor", "say what works on this host, and what mends what does not", run_doctor},
        {"demo", "play a case that two sides blame each other for, and solve it", run_demo},
        {"explain", "explain a finding: what it means, and what to do next", run_explain},
        {"rules", "list the findings", run_rules},
        {"probes", "list the probes: what each hooks into, and what it shows", run_probes},
    };
    return table;
}

int complain(const std::string& message, int code) {
    fmt::print(stderr, "tcpwitness: {}\n", printable(message));
    return code;
}

std::string unexpected_operand(const char* command, const std::string& operand) {
    return fmt::format("{} takes no operand '{}'; see tcpwitness {} --help", command, printable(operand), command);
}

const char* tool_name() { return "tcpwitness " TCPWITNESS_VERSION; }

}  // namespace tcpwitness
