#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/live_view.h"
#include "cli/output_options.h"
#include "cli/session.h"
#include "live/queued_sink.h"

namespace tcpwitness {
namespace {

/// stdout, line by line as it comes: somebody is watching.
class LineSink : public Sink {
public:
    void append(std::string_view text) override {
        if (!error_ && !write_all(STDOUT_FILENO, text.data(), text.size())) error_ = errno;
    }
    /// Asked often, since `live | head -1` shall end when head does, not with the next finding.
    bool good() const override {
        pollfd reader{STDOUT_FILENO, 0, 0};
        return !error_ && (poll(&reader, 1, 0) <= 0 || !(reader.revents & (POLLERR | POLLHUP)));
    }
    /// errno of a write that failed for another reason than a reader that went away; 0 = none
    int error() const { return error_ == EPIPE ? 0 : error_; }

private:
    int error_ = 0;
};

struct Arguments {
    std::string colour = "auto";
    bool verbose = false, utc = false, quiet = false;
    SessionArguments session;
};

CommandLine command_line(Arguments& to) {
    return {"live",
            "[-v] [FILTERS] [-- COMMAND ...]",
            "Traces this host's TCP sockets and prints one line for each timeout, unexpected reset and the like, as it happens.\n"
            "A quiet host prints nothing. Ends like `record` does.",
            {{"Output",
              {flag('v', "verbose", "every event", to.verbose), flag('u', "utc", "wall times in UTC", to.utc),
               flag('q', "quiet", "say nothing on stderr but errors and losses", to.quiet),
               colour_option(to.colour)}},
             session_options(to.session),
             filter_options(to.session.filters)},
            "  tcpwitness live                     findings of the whole host\n"
            "  tcpwitness live -v --port 5061      everything that happens on one port\n"};
}

}  // namespace

int run_live(const std::vector<std::string>& words) {
    Arguments arguments;
    const auto operands = parse(command_line(arguments), words);
    if (!operands) return complain(operands.error().message, exit_usage);
    if (operands->help_shown) return exit_done;
    if (!operands->words.empty())
        return complain("live takes no operand '" + printable(operands->words[0]) + "'; a command to run goes behind --", exit_usage);
    const auto settings = resolve(arguments.session);
    if (!settings) return complain(settings.error().message, exit_usage);

    signal(SIGPIPE, SIG_IGN);
    if (!arguments.quiet) warn_of_absent(*settings, operands->after_dashes);
    auto command = prepare_command(operands->after_dashes);
    if (!command) return complain(command.error().message);
    auto session = RecordingSession::open(*settings, std::move(*command));
    if (!session) return complain(session.error().message);

    LiveOptions options;
    options.output.colour = want_colour(arguments.colour);
    options.output.utc = arguments.utc;
    options.filter = settings->load.filter;
    options.every_event = arguments.verbose;
    options.max_connections = settings->load.max_connections;
    LineSink out;
    LiveView view(session->metadata("live", words), options, out);
    constexpr std::size_t most_waiting = 16 << 20;  // for the judging, as much as the rings hold by default
    QueuedSink queue(view, most_waiting);           // judging may be late, but it never keeps the collector from the rings
    const auto outcome = session->run(queue, arguments.quiet ? "" : "watching");
    if (queue.finish() && outcome) view.finish();
    session->summarise(arguments.quiet);
    if (!arguments.quiet) fmt::print(stderr, "{}\n", count_text(view.findings(), "finding", "findings"));
    if (view.refused()) fmt::print(stderr, "{} not followed: more than --max-connections at once\n", count_text(view.refused(), "event", "events"));
    if (view.overwhelmed()) fmt::print(stderr, "more than {} different findings at once: not all of them were said\n", Announcer::most_remembered);
    if (view.unreadable())
        fmt::print(stderr, "{} could not be read ({}): a defect of tcpwitness, please report it\n",
                   count_text(view.unreadable(), "record", "records"), view.unreadable_why());
    if (out.error()) return complain(std::string("writing to stdout: ") + std::strerror(out.error()));
    if (!outcome && !out.good()) return exit_done;  // `live | head` is done when head is
    if (!outcome) return complain(outcome.error().message, session->no_command().value_or(exit_failed));
    return outcome->exit_code;
}

}  // namespace tcpwitness
