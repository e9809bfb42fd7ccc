#include <signal.h>

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "cli/between.h"
#include "cli/capture_export.h"
#include "cli/capture_story.h"
#include "cli/commands.h"
#include "cli/file_sink.h"
#include "cli/filter_options.h"
#include "cli/output_options.h"
#include "cli/selection.h"
#include "correlate/correlator.h"
#include "outputs/layout.h"
#include "sources/message_log.h"
#include "sources/trace_file.h"

namespace tcpwitness {
namespace {

struct Arguments {
    OutputArguments output;
    FilterArguments filters;
    ReadOptions reading;
    Between between;
};

OptionGroup reading_options(ReadOptions& to) {
    return {"Reading",
            {{0, "tz", "ZONE", "what the times of a Windows text mean, where it does not tell: Europe/Berlin, +02:00 (otherwise UTC)",
              [&to](const std::string& value) -> Status {
                  auto zone = TimeZone::parse(value);
                  if (!zone) return zone.error();
                  to.zone = std::move(*zone);
                  return success();
              }}}};
}

/// What FILE may be, for --help.
std::string source_lines() {
    std::string lines = "Files:\n";
    for (const Source& source : sources()) lines += wrapped(source.made_by, fmt::format("  {:<34}", source.name), help_width);
    return lines;
}

OptionGroup report_filters(Arguments& to) {
    OptionGroup group = filter_options(to.filters);
    group.options.push_back(between_option(to.between));
    return group;
}

CommandLine command_line(Arguments& to) {
    return {"report",
            "FILE ... [FILTERS] [--format NAME] [-o OUT] [--findings-only]",
            "Prints what recorded traces hold: the findings (who ended which connection, and how sure that is), then a timeline for\n"
            "each connection that they are about, and a line for every other one. What a FILE is its content tells, also compressed\n"
            "with gzip or zstd; - is stdin.",
            {reading_options(to.reading), output_options(to.output), report_filters(to)},
            "  tcpwitness report case.pcapng\n"
            "  tcpwitness report case.pcapng --port 5061 -v | less -R\n"
            "  tcpwitness report edge.txt --tz America/New_York\n"
            "  tcpwitness report case.pcapng --format json | jq 'select(.type == \"finding\")'\n"
            "  tcpwitness report case.pcapng --between begin end\n"
            "  tcpwitness report case.pcapng --format pcapng -o for-wireshark.pcapng\n",
            source_lines()};
}

TimeBase time_base(const TraceInfo& info) { return {info.started_ns + info.boot_to_wall_ns, info.ended_ns + info.boot_to_wall_ns}; }

/// A trace may come from another host: its namespaces go by the names and numbers in it.
Result<Filter> resolve_in(const TraceInfo& info, const FilterArguments& arguments) {
    Filter filter = arguments.filter;
    for (const std::string& text : arguments.netns) {
        const std::size_t before = filter.netns.size();
        for (const Witness& witness : info.witnesses)
            if (witness.name == text || std::to_string(witness.netns) == text) filter.netns.push_back(witness.netns);
        if (filter.netns.size() == before) {
            std::string known;
            for (const Witness& witness : info.witnesses) known += (known.empty() ? "" : ", ") + witness.name;
            return Error{"--netns: the trace holds no namespace '" + printable(text) + "'; it holds " + known};
        }
    }
    const TimeBase base = time_base(info);
    for (const auto& [text, target, name] : {std::tuple{&arguments.since, &filter.since_wall_ns, "--since"},
                                             std::tuple{&arguments.until, &filter.until_wall_ns, "--until"}}) {
        if (text->empty()) continue;
        const auto time = parse_time(*text, base);
        if (!time) return time.context(name);
        *target = *time;
    }
    if (const Status order = check_order(filter); !order) return order.error();
    add_recorded_filter(info, filter);
    return filter;
}

Result<Story> read_story(SourceFile& file, const std::vector<Trace>& logs, const ReadOptions& options) {
    if (is_capture(file.source->kind)) return capture_story(file, logs);
    auto trace = read_trace(file, options);
    if (!trace) return trace.error();
    for (const Trace& log : logs) add_messages(*trace, log);
    return correlate(std::move(trace->info), std::move(trace->events));
}

Status cut_between(const Between& between, Story& story, std::vector<Finding>& findings, Filter& filter, OutputOptions& options) {
    if (between.from.empty()) return success();
    const auto span = resolve(between, story, time_base(story.info));
    if (!span) return span.error();
    fmt::print(stderr, "{}", span->note);
    const std::uint64_t offset = story.info.boot_to_wall_ns;
    filter.since_wall_ns = std::max(filter.since_wall_ns.value_or(0), span->from_ns + offset);
    filter.until_wall_ns = std::min(filter.until_wall_ns.value_or(UINT64_MAX), span->to_ns + offset);
    cut(story, findings, *span);
    options.from_ns = span->from_ns;
    options.to_ns = span->to_ns;
    return success();
}

/// Returns an exit code; what is wrong is said.
int report_one(SourceFile& file, const std::vector<Trace>& logs, const Arguments& arguments, const Output& output, Sink& sink, std::string& said) {
    auto read = read_story(file, logs, arguments.reading);
    if (!read) return complain(read.error().message);
    Story& story = *read;
    auto filter = resolve_in(story.info, arguments.filters);
    if (!filter) return complain(filter.error().message, exit_usage);
    std::vector<Finding> findings = find_all(story);  // whatever is asked for, judged with all that is known
    OutputOptions options = to_output_options(arguments.output);
    if (const Status done = cut_between(arguments.between, story, findings, *filter, options); !done) return complain(done.error().message);
    if (story.info.cut_off)
        fmt::print(stderr, "tcpwitness: {}: the recording was cut off{}; what came before is shown\n", printable(file.name),
                   story.info.cut_note.empty() ? "" : " (" + story.info.cut_note + ")");
    options.selected = selection(story, *filter);
    findings = selected_findings(story, std::move(findings), options.selected);
    if (!output.write) {
        auto exported = export_capture(file.path, story, findings, options, arguments.output.capture, arguments.output.file, sink);
        if (!exported) return complain(exported.error().message);
        said = *exported;
        return exit_done;
    }
    if (file.path != "-") options.file = file.path;
    output.write(story, findings, options, sink);
    return exit_done;
}

/// A log of messages stands beside the traces of the sockets that they travelled on; where there is no trace, it is reported as it is.
/// A file that cannot be read does not keep the others from being reported: `code` tells.
std::vector<SourceFile> open_all(const std::vector<std::string>& files, const ReadOptions& options, std::vector<Trace>& logs, int& code) {
    std::vector<SourceFile> opened, log_files;
    for (const std::string& name : files) {
        auto file = open_source(name);
        if (!file)
            code = std::max(code, complain(file.error().message));
        else
            (file->source->kind == SourceKind::sip_log ? log_files : opened).push_back(std::move(*file));
    }
    if (opened.empty()) return log_files;
    for (SourceFile& file : log_files) {
        auto log = read_trace(file, options);
        if (log)
            logs.push_back(std::move(*log));
        else
            code = std::max(code, complain(log.error().message));
    }
    return opened;
}

}  // namespace

int run_report(const std::vector<std::string>& words) {
    Arguments arguments;
    const auto operands = parse(command_line(arguments), words);
    if (!operands) return complain(operands.error().message, exit_usage);
    if (operands->help_shown) return exit_done;
    const auto files = operands->all();
    if (files.empty()) return complain("report needs a trace: tcpwitness report FILE; see tcpwitness report --help", exit_usage);
    const Output* output = find_output(arguments.output.format);
    if (!output) return complain(unknown_format(arguments.output.format), exit_usage);
    const Status fits = check_export(arguments.output.capture, !output->write, arguments.output.file, files);
    if (!fits) return complain(fits.error().message, exit_usage);
    signal(SIGPIPE, SIG_IGN);
    auto sink = FileSink::open(arguments.output.file, arguments.output.force);
    if (!sink) return complain(sink.error().message);
    int code = exit_done;
    std::size_t reported = 0;
    std::string said;
    std::vector<Trace> logs;
    for (SourceFile& file : open_all(files, arguments.reading, logs, code)) {
        const int result = report_one(file, logs, arguments, *output, *sink, said);
        if (result == exit_usage) return exit_usage;
        if (result == exit_done) ++reported;
        code = std::max(code, result);  // a file that cannot be read does not keep the others from being reported
    }
    if (reported == 0) return code;
    if (const Status written = sink->commit(); !written) return complain(written.error().message);
    fmt::print(stderr, "{}", said);
    return code;
}

}  // namespace tcpwitness
