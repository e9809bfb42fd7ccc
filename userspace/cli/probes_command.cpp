#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/options.h"
#include "live/probes.h"

namespace tcpwitness {

int run_probes(const std::vector<std::string>& words) {
    const CommandLine line{"probes", "", "Lists the probes: what each hooks into and what its records tell.", {}, ""};
    const auto operands = parse(line, words);
    if (!operands) return complain(operands.error().message, exit_usage);
    if (operands->help_shown) return exit_done;
    if (const auto given = operands->all(); !given.empty()) return complain(unexpected_operand("probes", given[0]), exit_usage);
    for (const Probe& row : probes()) fmt::print("{:<18} {}{}\n{:<18} {}\n", name(row), hook_text(row), row.optional ? " (optional)" : "", "", row.shows);
    return exit_done;
}

}  // namespace tcpwitness
