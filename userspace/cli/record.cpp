#include <signal.h>
#include <unistd.h>

#include <ctime>

#include <fmt/format.h>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/filter_options.h"
#include "cli/session.h"
#include "cli/trace_sink.h"
#include "sources/trace_writer.h"

namespace tcpwitness {
namespace {

std::string default_name() {
    const time_t now = time(nullptr);
    tm local{};
    localtime_r(&now, &local);
    char text[32];
    strftime(text, sizeof(text), "%Y%m%d-%H%M%S", &local);
    return fmt::format("tcpwitness-{}-{}.pcapng", host_name(), text);
}

struct Arguments {
    std::string file;
    bool force = false, quiet = false;
    SessionArguments session;
};

CommandLine command_line(Arguments& to) {
    return {"record",
            "[-w FILE] [FILTERS] [-- COMMAND ...]",
            "Records what happens to this host's TCP sockets, in all network namespaces, until Ctrl-C, until --duration is over, or\n"
            "until COMMAND ends (its exit code is passed on). The trace is a pcapng file that `tcpwitness report` and Wireshark read.",
            {{"Output",
              {text('w', "write", "FILE", "the trace; FILE.zst compresses it, - is stdout (default: tcpwitness-HOST-TIME.pcapng here)", to.file),
               flag('f', "force", "write over FILE when it exists", to.force),
               flag('q', "quiet", "say nothing on stderr but errors and losses", to.quiet)}},
             session_options(to.session),
             filter_options(to.session.filters)},
            "  tcpwitness record -w case.pcapng              until Ctrl-C\n"
            "  tcpwitness record --port 5061 -- ./repro.sh   while a command runs\n"
            "  tcpwitness record -w - | tshark -r -          through a pipe\n"};
}

}  // namespace

int run_record(const std::vector<std::string>& words) {
    Arguments arguments;
    const CommandLine line = command_line(arguments);
    const auto operands = parse(line, words);
    if (!operands) return complain(operands.error().message, exit_usage);
    if (operands->help_shown) return exit_done;
    if (!operands->words.empty())
        return complain("record takes no operand '" + printable(operands->words[0]) + "'; a command to run goes behind --", exit_usage);
    const auto settings = resolve(arguments.session);
    if (!settings) return complain(settings.error().message, exit_usage);
    if (arguments.file == "-" && isatty(STDOUT_FILENO))
        return complain("-w - would write a binary trace to the terminal; redirect or pipe it", exit_usage);

    const std::string file = arguments.file.empty() ? default_name() : arguments.file;
    signal(SIGPIPE, SIG_IGN);
    if (!arguments.quiet) warn_of_absent(*settings, operands->after_dashes);
    auto command = prepare_command(operands->after_dashes);
    if (!command) return complain(command.error().message);
    auto session = RecordingSession::open(*settings, std::move(*command));
    if (!session) return complain(session.error().message);
    auto writer = TraceWriter::open(file, arguments.force);
    if (!writer) return complain(writer.error().message);

    const Metadata metadata = session->metadata("record", words);
    TraceSink sink(metadata, session->boot_to_wall_ns(metadata), [&](std::string_view bytes) { return writer->write(bytes); });
    auto outcome = session->run(sink, arguments.quiet ? "" : "recording to " + (file == "-" ? "stdout" : printable(file)));
    if (const auto code = session->no_command()) {
        writer->discard();
        return complain(outcome.error().message, *code);
    }
    if (Status written = sink.flush(); !written && outcome.ok()) outcome = written.error();
    if (Status closed = writer->close(); !closed && outcome.ok()) outcome = closed.error();

    session->summarise(arguments.quiet);
    if (!outcome) return complain(outcome.error().message);
    if (!arguments.quiet && file != "-") fmt::print(stderr, "wrote {} ({} bytes); next: tcpwitness report {}\n", printable(file), writer->bytes_written(), printable(file));
    return outcome->exit_code;
}

}  // namespace tcpwitness
