// What `record`, `live` and `demo` share: load, attach, collect, say what was attached and what was lost.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/filter_options.h"
#include "live/collector.h"
#include "live/metadata.h"
#include "live/recording.h"

namespace tcpwitness {

struct SessionArguments {
    std::string buffer = "16M", duration, sample, max_connections = "100000";
    bool segments = false;
    FilterArguments filters;
};

OptionGroup session_options(SessionArguments&);

struct SessionSettings {
    LoadOptions load;
    std::optional<std::uint64_t> duration_ns;
    std::uint64_t sample_every_ns = 0;  ///< 0: no samples
    std::map<std::uint32_t, std::string> namespace_names;
    bool own_command = false;  ///< the command is a part of this program and ends with it
};

Result<SessionSettings> resolve(const SessionArguments&);

/// On stderr: what the filter asks for and this host does not have now, while a recording of it would be empty without a word. `command`: what
/// will be run.
void warn_of_absent(const SessionSettings&, const std::vector<std::string>& command);

/// The command behind "--", forked and waiting; nothing when there is none.
Result<std::optional<Child>> prepare_command(const std::vector<std::string>& command);

struct Outcome {
    int exit_code = 0;         ///< the command's, else 0
    bool interrupted = false;  ///< a signal ended it
};

/// One recording. Members in acquisition order; everything is undone in reverse.
class RecordingSession {
public:
    /// Loads and attaches. `command`, when there is one, waits until run().
    static Result<RecordingSession> open(const SessionSettings&, std::optional<Child> command);

    /// `command` is the tool's own command ("record"), with its arguments.
    Metadata metadata(const char* command, const std::vector<std::string>& arguments) const;
    std::uint64_t boot_to_wall_ns(const Metadata&) const;

    const LoadedProbes& probes() const { return *probes_; }
    const StopSignals& signals() const { return *signals_; }

    /// Takes the snapshot, says on stderr what is attached and what is not and what it does now (`doing`: "recording to FILE"; "" says
    /// nothing), collects into `sink` until something ends it, then finishes the trace.
    Result<Outcome> run(RecordSink& sink, const std::string& doing);
    /// The exit code where there was a command and it was not run: run() has returned why. Nothing where that is not so.
    std::optional<int> no_command() const { return no_command_; }
    /// On stderr: events and losses. With `only_losses`, nothing when nothing was lost.
    void summarise(bool only_losses) const;

private:
    RecordingSession() = default;
    void announce(const std::string& doing) const;
    SessionSettings settings_;
    std::unique_ptr<Child> child_;
    std::unique_ptr<StopSignals> signals_;
    std::unique_ptr<Kernel> kernel_;
    std::unique_ptr<LoadedProbes> probes_;
    std::unique_ptr<Namespaces> namespaces_;
    std::unique_ptr<Collector> collector_;
    std::optional<int> no_command_;
};

}  // namespace tcpwitness
