#include <unistd.h>

#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/doctor_environment.h"
#include "cli/options.h"
#include "live/fitness.h"
#include "live/kernel.h"
#include "live/loader.h"
#include "live/metadata.h"
#include "live/tracefs.h"

namespace tcpwitness {
namespace {

void row(const char* what, bool good, const std::string& value) { fmt::print("{:<18} {:<4} {}\n", what, good ? "ok" : "no", value); }

bool check_host() {
    bool good = true;
    row("kernel", true, kernel_release());
    const auto missing = missing_capabilities();
    std::string names;
    for (const std::string& name : missing) names += (names.empty() ? "" : ", ") + name;
    row("privileges", missing.empty(), missing.empty() ? "CAP_BPF, CAP_PERFMON, CAP_SYS_ADMIN, CAP_NET_ADMIN" : "missing " + names + ": run it with sudo");
    good &= missing.empty();
    const auto tracefs = Tracefs::open();
    // Without privileges both are hidden, and the hints for the other causes would lead astray.
    const std::string unprivileged = missing.empty() ? "" : "not readable without these privileges";
    row("tracefs", tracefs.ok(), tracefs ? "readable; it need not be mounted" : missing.empty() ? tracefs.error().message : unprivileged);
    const bool symbols = Kernel::symbol("tcp_write_timer") != 0;
    row("kernel symbols", symbols, symbols ? "/proc/kallsyms shows addresses" : missing.empty() ? "hidden: sysctl kernel.kptr_restrict=1 shows them" : unprivileged);
    return good;
}

}  // namespace

int run_doctor(const std::vector<std::string>& words) {
    bool environment = false;
    const CommandLine line{"doctor", "[--environment]",
                           "Attaches every probe for a moment and says which of them work here, and what mends what does not.\n"
                           "Exits with 0 only when timeouts and resets of this host can be traced.",
                           {{"What to look at", {flag(0, "environment", "instead, what on this host can alter or drop traffic", environment)}}}, ""};
    const auto operands = parse(line, words);
    if (!operands) return complain(operands.error().message, exit_usage);
    if (operands->help_shown) return exit_done;
    if (const auto given = operands->all(); !given.empty()) return complain(unexpected_operand("doctor", given[0]), exit_usage);

    if (environment) return show_environment();

    const bool host_good = check_host();
    const auto kernel = Kernel::inspect();
    row("BTF", kernel.ok(), kernel ? "readable" : kernel.error().message);
    if (!kernel) return exit_failed;
    const bool reasons = tells_reset_reasons(*kernel);
    row("reset reasons", reasons, reasons ? "told by the kernel" : "not told by this kernel (6.10 and later do); inferred from what the socket went through");

    LoadOptions options;
    options.buffer_bytes = 1 << 20;
    options.attach_all = true;
    const auto loaded = LoadedProbes::load(*kernel, options);
    if (!loaded) {
        row("probes", false, loaded.error().message);
        return exit_failed;
    }
    fmt::print("\n{:<18} {:<12} {}\n", "PROBE", "STATUS", "HOOK");
    for (const ProbeState& state : loaded->states()) {
        const std::string status = status_text(state);
        fmt::print("{:<18} {:<12} {}{}\n", name(*state.probe), status.substr(0, status.find(':')), hook_text(*state.probe), state.probe->optional ? " (optional)" : "");
        if (!state.why.empty()) fmt::print("{:<18} {:<12} {}\n", "", "", state.why);
    }
    const bool good = host_good && loaded->main_job_possible();
    fmt::print("\n{}\n", good ? "Timeouts and resets of this host can be traced." : "Timeouts and resets of this host cannot be traced fully: see above.");
    return good ? exit_done : exit_failed;
}

}  // namespace tcpwitness
