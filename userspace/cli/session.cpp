#include "cli/session.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "base/text.h"
#include "cli/absent.h"
#include "cli/commands.h"
#include "live/beacon.h"

namespace tcpwitness {

namespace {

bool sees_markers(const LoadedProbes& probes) {
    return std::any_of(probes.states().begin(), probes.states().end(),
                       [](const ProbeState& state) { return state.probe->number == TW_PROBE_PACKET_IN && state.usable(); });
}

}  // namespace

OptionGroup session_options(SessionArguments& to) {
    return {"Recording",
            {text(0, "duration", "TIME", "stop after this long: 30, 90s, 5m, 2h", to.duration),
             text(0, "sample", "TIME", "every connection's RTT, windows and totals, so often: 1s, 10s", to.sample),
             text(0, "buffer", "SIZE", "memory between kernel and recorder, shared among the CPUs (default 16M)", to.buffer),
             text(0, "max-connections", "N", "connections tracked at once (default 100000)", to.max_connections),
             flag(0, "segments", "every TCP segment (headers only) of the sockets that a filter chooses; costs a record per packet", to.segments)}};
}

Result<SessionSettings> resolve(const SessionArguments& arguments) {
    SessionSettings settings;
    const auto buffer = parse_size(arguments.buffer);
    if (!buffer) return buffer.context("--buffer");
    if (*buffer < 64 * 1024 || *buffer > (1ull << 30)) return Error{"--buffer: from 64K to 1G"};
    settings.load.buffer_bytes = *buffer;
    const auto connections = parse_number<std::uint32_t>(arguments.max_connections);
    if (!connections || *connections < 100 || *connections > 10'000'000) return Error{"--max-connections: a number from 100 to 10000000"};
    settings.load.max_connections = *connections;
    if (!arguments.duration.empty()) {
        const auto duration = parse_duration(arguments.duration);
        if (!duration) return duration.context("--duration");
        settings.duration_ns = *duration;
    }
    if (!arguments.sample.empty()) {
        const auto sample = parse_duration(arguments.sample);
        if (!sample) return sample.context("--sample");
        if (*sample < 100'000'000) return Error{"--sample: 100ms or more"};
        settings.sample_every_ns = *sample;
    }
    const auto filter = resolve_here(arguments.filters);
    if (!filter) return filter.error();
    settings.load.filter = *filter;
    settings.load.segments = arguments.segments;
    if (arguments.segments && !filter->by_socket())
        return Error{"--segments needs a filter that says whose segments: --port, --host, --pid, --comm or --netns"};
    return settings;
}

void warn_of_absent(const SessionSettings& settings, const std::vector<std::string>& command) {
    for (const std::string& absent : absent_processes(settings.load.filter, command.empty() ? "" : command.front()))
        fmt::print(stderr, "warning: {}; what comes up later is recorded\n", absent);
    Namespaces namespaces(settings.namespace_names);
    for (const std::uint32_t inum : settings.load.filter.netns)
        if (!namespaces.open(inum))
            fmt::print(stderr, "warning: --netns {}: no network namespace with that number is seen now; what comes up later is recorded\n", inum);
}

Result<std::optional<Child>> prepare_command(const std::vector<std::string>& command) {
    if (command.empty()) return std::optional<Child>();
    auto child = Child::prepare(command);
    if (!child) return child.error();
    return std::optional<Child>(std::move(*child));
}

Result<RecordingSession> RecordingSession::open(const SessionSettings& settings, std::optional<Child> command) {
    RecordingSession session;
    session.settings_ = settings;
    if (command) session.child_ = std::make_unique<Child>(std::move(*command));
    session.signals_ = std::make_unique<StopSignals>();
    auto kernel = Kernel::inspect();
    if (!kernel) return kernel.error();
    session.kernel_ = std::make_unique<Kernel>(std::move(*kernel));
    auto probes = LoadedProbes::load(*session.kernel_, settings.load);
    if (!probes) return probes.error();
    session.probes_ = std::make_unique<LoadedProbes>(std::move(*probes));
    session.namespaces_ = std::make_unique<Namespaces>(settings.namespace_names);
    return session;
}

Metadata RecordingSession::metadata(const char* command, const std::vector<std::string>& arguments) const {
    std::string line = std::string("tcpwitness ") + command;
    for (const std::string& word : arguments) line += ' ' + printable(word);
    return initial_metadata(*kernel_, *probes_, tool_name(), line, settings_.load);
}

std::uint64_t RecordingSession::boot_to_wall_ns(const Metadata& metadata) const {
    for (const auto& [key, value] : metadata)
        if (key == "clock.boot_to_wall_ns") return parse_number<std::uint64_t>(value).value_or(0);
    return 0;
}

void RecordingSession::announce(const std::string& doing) const {
    std::size_t usable = 0, expected = 0;
    for (const ProbeState& state : probes_->states()) {
        if (state.usable()) ++usable;
        if (state.usable() || !state.probe->optional) ++expected;
        if (state.status != ProbeState::Status::attached && !state.probe->optional)
            fmt::print(stderr, "probe {} ({}): {}\n", name(*state.probe), hook_text(*state.probe), status_text(state));
    }
    fmt::print(stderr, "{} of {} probes attached, {} KiB buffer; {}{}\n", usable, expected,
               probes_->rings().total_bytes() >> 10, doing, child_ ? "" : "; Ctrl-C ends it");
}

Result<Outcome> RecordingSession::run(RecordSink& sink, const std::string& doing) {
    auto collector = Collector::open(*probes_, settings_.load.filter, *namespaces_, sink);
    if (!collector) return collector.error();
    collector_ = std::move(*collector);
    std::optional<Beacon> beacon;  // what comes from here on is in the trace
    if (sees_markers(*probes_)) beacon.emplace();
    collector_->sample_every(settings_.sample_every_ns);
    collector_->snapshot();
    if (!doing.empty()) announce(doing);
    if (child_) {
        const int stopped = signals_->take();  // while it attached; a terminal's Ctrl-C reaches the waiting command as well, and ends it
        const Status started = stopped ? Status(Error{fmt::format("ended by {} before all was attached: the command was not run", signal_name(stopped))}) : child_->go();
        if (!started) {
            no_command_ = stopped ? exit_code(stopped) : exit_no_command;
            return started.error();
        }
    }

    auto reason = collect(*collector_, {settings_.duration_ns, settings_.load.filter.until_wall_ns, child_.get()}, *signals_);
    beacon.reset();
    const Status finished = finish(*probes_, *collector_, sink, reason ? *reason : reason.error().message);
    if (!reason) return reason.error();
    if (!finished) return finished.error();
    Outcome outcome;
    outcome.interrupted = *reason == "interrupted";
    if (child_) {
        if (const auto status = child_->ended())
            outcome.exit_code = exit_code(*status);
        else if (!settings_.own_command)
            fmt::print(stderr, "the command goes on, pid {}\n", child_->pid());
    }
    return outcome;
}

void RecordingSession::summarise(bool only_losses) const {
    if (!collector_) return;
    if (collector_->malformed())
        fmt::print(stderr, "{} could not be taken in: a defect of tcpwitness, please report it\n",
                   count_text(collector_->malformed(), "record", "records"));
    if (only_losses && collector_->lost() == 0) return;
    fmt::print(stderr, "{}, {} lost\n", count_text(collector_->events(), "record", "records"), collector_->lost());
    if (const std::uint64_t held = collector_->held_back())
        fmt::print(stderr, "{} without a socket came too fast to be recorded one by one and {} counted instead\n",
                   count_text(held, "more event", "more events"), held == 1 ? "was" : "were");
    if (const std::uint64_t withheld = collector_->withheld())
        fmt::print(stderr, "{} of other sockets than those asked for {} not written\n", count_text(withheld, "record", "records"), withheld == 1 ? "was" : "were");
    if (const std::uint64_t overflowed = collector_->overflowed())
        fmt::print(stderr, "  {} of them before it was known which socket it would be: too many waited\n", overflowed);
    if (collector_->lost() == 0) return;
    for (const ProbeState& state : probes_->states())
        if (const ProbeCount count = collector_->count(state.probe->number); count.lost)
            fmt::print(stderr, "  {} lost by probe {}\n", count.lost, name(*state.probe));
    if (const std::uint64_t left_out = collector_->left_out())
        fmt::print(stderr, "  {} of them because an interrupt came while the probe ran: the kernel then leaves it out\n", left_out);
    if (const std::uint64_t refused = collector_->refused())
        fmt::print(stderr, "  {} of them because judging could not keep up\n", refused);
    if (const std::uint64_t unseen = collector_->unseen())
        fmt::print(stderr, "  {} of them counted by nobody: the states around them show that they were\n", unseen);
    if (collector_->lost() > collector_->left_out() + collector_->refused() + collector_->unseen())
        fmt::print(stderr, "  a larger --buffer or a filter (--port, --host) loses less\n");
}

}  // namespace tcpwitness
