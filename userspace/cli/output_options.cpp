#include "cli/output_options.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "base/text.h"

namespace tcpwitness {
namespace {

unsigned terminal_width() {
    winsize size{};
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col) return std::clamp<unsigned>(size.ws_col, 60, 160);
    return 100;
}

}  // namespace

OptionGroup output_options(OutputArguments& to) {
    return {"Output",
            {text(0, "format", "NAME", "text (default), json, or pcapng: the capture again, with comments on packets", to.format),
             text('o', "output", "OUT", "write there instead of stdout", to.file),
             flag(0, "inline-events", "pcapng: socket events among the packets, for Wireshark without plugin", to.capture.inline_events),
             flag(0, "packets-only", "pcapng: what tcpdump reads: packets of one kind of link, no records", to.capture.packets_only),
             flag('f', "force", "write over OUT when it exists", to.force),
             flag(0, "findings-only", "the findings, no timelines", to.findings_only),
             flag(0, "all", "every finding in full and a line for every connection: of many, most are only counted otherwise", to.all),
             flag(0, "benign", "list the harmless patterns too: health checks, scans and the like", to.benign),
             flag('v', "verbose", "every connection's timeline, also of healthy ones", to.verbose),
             flag('u', "utc", "wall times in UTC", to.utc),
             colour_option(to.colour)}};
}

Option colour_option(std::string& choice) {
    return {0, "color", "WHEN", "auto (default: on a terminal), always or never", [&choice](const std::string& given) -> Status {
                if (given != "auto" && given != "always" && given != "never") return Error{"'" + printable(given) + "' is not auto, always or never"};
                choice = given;
                return success();
            }};
}

bool want_colour(const std::string& choice) {
    if (choice == "always") return true;
    if (choice == "never") return false;
    const char* terminal = std::getenv("TERM");
    return isatty(STDOUT_FILENO) && !std::getenv("NO_COLOR") && terminal && std::string_view(terminal) != "dumb";
}

OutputOptions to_output_options(const OutputArguments& arguments) {
    OutputOptions options;
    options.findings_only = arguments.findings_only;
    options.all = arguments.all;
    options.benign = arguments.benign;
    options.verbose = arguments.verbose;
    options.utc = arguments.utc;
    const bool to_stdout = arguments.file.empty() || arguments.file == "-";
    options.colour = (to_stdout || arguments.colour == "always") && want_colour(arguments.colour);
    options.width = to_stdout ? terminal_width() : 100;
    return options;
}

std::string unknown_format(const std::string& name) {
    std::string known;
    for (const Output& output : outputs()) known += (known.empty() ? "" : ", ") + std::string(output.name);
    return "--format: there is no '" + printable(name) + "'; there is " + known;
}

}  // namespace tcpwitness
