#include "cli/commands.h"

#include <cstdio>

#include <fmt/format.h>

namespace tcpwitness {

std::span<const Command> commands() {
    static constexpr Command table[] = {
        {"record", "record this host's TCP sockets to a trace file, until Ctrl-C or until a command ends", run_record},
        {"live", "trace this host and print timeouts and resets as they happen", run_live},
        {"report", "print timelines and findings of recorded traces", run_report},
        {"doctor", "say what this kernel and these privileges allow, and what mends what is missing", run_doctor},
        {"demo", "play a connect that each side blames the other for, record it, and report it", run_demo},
        {"explain", "explain a finding: what it means, how it is recognised, what to do next", run_explain},
        {"rules", "list the findings", run_rules},
        {"probes", "list the probes: what each hooks into and what it shows", run_probes},
    };
    return table;
}

int complain(const std::string& message, int code) {
    fmt::print(stderr, "tcpwitness: {}\n", message);
    return code;
}

const char* tool_name() { return "tcpwitness " TCPWITNESS_VERSION; }

}  // namespace tcpwitness
