#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>
#include <optional>

#include <fmt/format.h>

#include "base/text.h"
#include "case/case_story.h"
#include "case/copies.h"
#include "case/rotated.h"
#include "cli/between.h"
#include "cli/capture_export.h"
#include "cli/capture_progress.h"
#include "cli/commands.h"
#include "cli/file_sink.h"
#include "cli/filter_options.h"
#include "cli/output_options.h"
#include "cli/selection.h"
#include "outputs/layout.h"
#include "sources/trace_file.h"

namespace tcpwitness {
namespace {

struct Arguments {
    OutputArguments output;
    FilterArguments filters;
    ReadOptions reading;
    std::vector<NamedWitness> witnesses;
    Between between;
};

Result<NamedWitness> parse_witness(const std::string& value) {
    const std::size_t equals = value.find('=');
    NamedWitness witness{value.substr(0, equals), {}};
    if (equals == std::string::npos || equals == 0) return Error{"'" + printable(value) + "' is not NAME=ADDR,...: fe=10.0.2.2,2001:db8::2"};
    for (const std::string_view text : split(std::string_view(value).substr(equals + 1), ',')) {
        const auto address = Address::parse(trim(text));
        if (!address) return Error{"'" + printable(text) + "' is not an address"};
        witness.addresses.push_back(*address);
    }
    return witness;
}

OptionGroup reading_options(Arguments& to) {
    return {"Reading",
            {{0, "tz", "ZONE", "what the times of a Windows text mean, where it does not tell: Europe/Berlin, +02:00 (otherwise UTC)",
              [&to](const std::string& value) -> Status {
                  auto zone = TimeZone::parse(value);
                  if (!zone) return zone.error();
                  to.reading.zone = std::move(*zone);
                  return success();
              }},
             {0, "witness", "NAME=ADDR,...", "which addresses a host of the case has, and what it is called; may be repeated (otherwise found out)",
              [&to](const std::string& value) -> Status {
                  auto witness = parse_witness(value);
                  if (!witness) return witness.error();
                  to.witnesses.push_back(std::move(*witness));
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
            "with gzip or zstd; - is stdin; FILE=ZONE says what a text's times mean. Several files become one story: what two hosts saw of a\nsession stands together, on one clock.",
            {reading_options(to), output_options(to.output), report_filters(to)},
            "  tcpwitness report case.pcapng\n"
            "  tcpwitness report edge.pcapng fe.pcapng\n"
            "  tcpwitness report case.pcapng --port 5061 -v | less -R\n"
            "  tcpwitness report edge.txt=America/New_York fe.pcapng\n"
            "  tcpwitness report case.pcapng --format json | jq 'select(.type == \"finding\")'\n"
            "  tcpwitness report case.pcapng --between begin end\n"
            "  tcpwitness report case.pcapng --format pcapng -o for-wireshark.pcapng\n",
            source_lines()};
}

TimeBase time_base(const Story& story) { return {story.begin_ns + story.boot_to_wall_ns, story.end_ns + story.boot_to_wall_ns}; }

/// A trace may come from another host: its namespaces go by the names and numbers in it.
Result<Filter> resolve_in(const Story& story, const FilterArguments& arguments) {
    Filter filter = arguments.filter;
    for (const std::string& text : arguments.netns) {
        const std::size_t before = filter.netns.size();
        for (const Witness& witness : story.witnesses)
            if (witness.name == text || std::to_string(witness.netns) == text) filter.netns.push_back(witness.netns);
        if (filter.netns.size() == before) {
            std::string known;
            for (const Witness& witness : story.witnesses) known += (known.empty() ? "" : ", ") + witness.name;
            return Error{"--netns: the trace holds no namespace '" + printable(text) + "'; it holds " + known};
        }
    }
    const TimeBase base = time_base(story);
    for (const auto& [text, target, name] : {std::tuple{&arguments.since, &filter.since_wall_ns, "--since"},
                                             std::tuple{&arguments.until, &filter.until_wall_ns, "--until"}}) {
        if (text->empty()) continue;
        const auto time = parse_time(*text, base);
        if (!time) return time.context(name);
        *target = *time;
    }
    if (const Status order = check_order(filter); !order) return order.error();
    if (story.recordings.size() == 1) add_recorded_filter(story.recordings.front(), filter);
    return filter;
}

/// "edge.log=-02:00": what the local times of this file mean, where no file has that whole name.
std::optional<TimeZone> zone_of(const std::string& file) {
    const auto equals = file.rfind('=');
    if (equals == std::string::npos || equals == 0 || access(file.c_str(), F_OK) == 0 || access(file.substr(0, equals).c_str(), F_OK) != 0) return std::nullopt;
    auto zone = TimeZone::parse(file.substr(equals + 1));
    return zone ? std::optional(std::move(*zone)) : std::nullopt;
}

/// What could be read of the files; what could not is said, and counted.
std::vector<Exhibit> read_files(const std::vector<std::string>& files, const Arguments& arguments, std::size_t& failed) {
    std::vector<Exhibit> exhibits;
    const auto groups = capture_groups(files);
    for (const std::vector<std::string>& group : groups) {
        const std::string& file = group.front();
        ExhibitOptions options;
        options.reading = arguments.reading;
        std::string path = file;
        if (auto zone = zone_of(file)) {
            path = file.substr(0, file.rfind('='));
            options.reading.zone = std::move(*zone);
        }
        options.alone = groups.size() == 1;
        for (const NamedWitness& named : arguments.witnesses) options.own_addresses.push_back(named.addresses);
        options.progress = progress_of(path);
        auto read = group.size() > 1 ? read_exhibits(group, options) : read_exhibits(path, options);
        end_progress();
        if (!read) {
            complain(read.error().message);
            ++failed;
            continue;
        }
        const TraceInfo& info = read->front().info;
        for (const std::string& place : info.damage) fmt::print(stderr, "tcpwitness: {}: damaged: {}\n", printable(file), printable(place));
        if (info.cut_off)
            fmt::print(stderr, "tcpwitness: {}: the recording was cut off{}; what came before is shown\n", printable(file),
                       info.cut_note.empty() ? "" : " (" + printable(info.cut_note) + ")");
        std::move(read->begin(), read->end(), std::back_inserter(exhibits));
    }
    return exhibits;
}

/// Judged with all that is known; with --between, only what shows itself in that time is told.
Result<Judgement> judge_between(const Between& between, Story& story, Filter& filter, OutputOptions& options) {
    if (between.from.empty()) return judge(story);
    const auto span = resolve(between, story, time_base(story));
    if (!span) return span.error();
    fmt::print(stderr, "{}", span->note);
    Judgement judged = judge(story, shows_between(story, *span));
    const std::uint64_t offset = story.boot_to_wall_ns;
    filter.since_wall_ns = std::max(filter.since_wall_ns.value_or(0), span->from_ns + offset);
    filter.until_wall_ns = std::min(filter.until_wall_ns.value_or(UINT64_MAX), span->to_ns + offset);
    cut(story, judged, *span);
    options.from_ns = span->from_ns;
    options.to_ns = span->to_ns;
    return judged;
}

/// Which of several files is written again: the one capture beside traces.
Result<RecordingId> to_export(const Story& story) {
    const auto is_capture = [](const Recording& one) { return one.capture(); };
    for (const Recording& one : story.recordings)
        if (one.meta.contains("capture.parts")) return Error{"--format pcapng writes one file again, not the parts of a capture; join them first: mergecap -w OUT FILE ..."};
    if (story.recordings.size() == 1) return RecordingId{0};
    if (std::count_if(story.recordings.begin(), story.recordings.end(), is_capture) != 1)
        return Error{"--format pcapng writes one file again; give one FILE, or one capture beside traces"};
    return static_cast<RecordingId>(std::find_if(story.recordings.begin(), story.recordings.end(), is_capture) - story.recordings.begin());
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
    std::size_t failed = 0;
    auto exhibits = read_files(files, arguments, failed);
    if (exhibits.empty()) return exit_failed;
    // A capture is whatever packets could be had; what a trace lacks, its recorder had written.
    const bool damaged = std::any_of(exhibits.begin(), exhibits.end(), [](const Exhibit& one) { return !one.info.damage.empty() && !one.capture(); });
    const int code = failed || damaged ? exit_failed : exit_done;
    for (const std::string& copy : fold_copies(exhibits)) fmt::print(stderr, "tcpwitness: {}\n", printable(copy));
    if (const Status named = name_witnesses(exhibits, arguments.witnesses); !named) return complain(named.error().message, exit_usage);
    Story story = story_of(std::move(exhibits));
    auto filter = resolve_in(story, arguments.filters);
    if (!filter) return complain(filter.error().message, exit_usage);
    OutputOptions options = to_output_options(arguments.output);
    auto found = judge_between(arguments.between, story, *filter, options);
    if (!found) return complain(found.error().message);
    Judgement& judged = *found;
    options.selected = selection(story, *filter);
    select(judged, story, options.selected, arguments.filters.said);
    if (output->write) {
        output->write(story, judged, options, *sink);
        if (const Status written = sink->commit(); !written) return complain(written.error().message);
        return code;
    }
    const auto exported = to_export(story);
    if (!exported) return complain(exported.error().message, exit_usage);
    options.recording = *exported;
    const auto said = export_capture(story, judged.findings, options, arguments.output.capture, arguments.output.file, *sink);
    if (!said) return complain(said.error().message);
    if (const Status written = sink->commit(); !written) return complain(written.error().message);
    fmt::print(stderr, "{}", *said);
    return code;
}

}  // namespace tcpwitness
