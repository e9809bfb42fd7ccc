#include "outputs/text.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "base/text.h"
#include "findings/benign.h"
#include "findings/time_split.h"
#include "model/describe.h"
#include "outputs/capture_match_text.h"
#include "outputs/finding_list.h"
#include "outputs/heading.h"
#include "outputs/layout.h"
#include "outputs/plan.h"
#include "outputs/summary.h"
#include "outputs/timeline.h"
#include "outputs/wall_clock.h"

namespace tcpwitness {

namespace {

/// The first line: all of it for whoever reads only that.
void write_verdict(const Verdict& verdict, const OutputOptions& options, Sink& sink) {
    const Paint paint(options.colour);
    const std::string word = name(verdict.what);
    const std::string shown = verdict.what == Verdict::What::trouble ? paint.strong_red(word) : verdict.what == Verdict::What::clean ? paint.bold(word) : paint.yellow(word);
    sink.append(wrapped(printable(verdict.sentence), shown + ": ", options.width) + "\n");
}

/// Of an application's log: what no socket of the recordings carried.
void write_messages(const Story& story, const WallClock& clock, const OutputOptions& options, Sink& sink) {
    constexpr std::size_t most = 20;
    const Paint paint(options.colour);
    std::size_t count = 0;
    for (const Event& event : story.unmatched) {
        if (!event.as<Message>()) continue;
        if (++count == 1) sink.append("\n" + paint.bold("MESSAGES WITHOUT A SOCKET") + "\n\n");
        if (count <= most || options.all) sink.append(wrapped(printable(sentence(event)), clock.time(event.time_ns) + "  ", options.width));
    }
    if (count > most && !options.all) sink.append(paint.dim(fmt::format("{} more; --all lists them", count - most)) + "\n");
}

/// Harmless patterns: one line in all, or one for each when asked for.
void write_benign(const Judgement& judged, const WallClock& clock, const OutputOptions& options, Sink& sink) {
    if (judged.benign.empty()) return;
    const Paint paint(options.colour);
    std::map<std::string, std::uint64_t> counts;
    for (const Finding& one : judged.benign) counts[one.benign] += one.count;
    if (!options.benign) {
        std::string text;
        for (const auto& [pattern, count] : counts) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, pattern);
        sink.append("\n" + paint.dim(wrapped(text + "; --benign lists them", "harmless: ", options.width)));
        return;
    }
    sink.append("\n" + paint.bold("HARMLESS") + "\n");
    for (const BenignPattern& pattern : benign_patterns()) {
        if (!counts.contains(pattern.id)) continue;
        sink.append(fmt::format("\n{}: {}\n", paint.bold(pattern.id), pattern.summary));
        for (const Finding& one : judged.benign)
            if (one.benign == std::string_view(pattern.id))
                sink.append(fmt::format("    {} {}  {}\n", pad_left(count_text(one.count, "time", "times"), 10), clock.time(one.first_ns), printable(one.headline)));
    }
}

/// Where a capture and a trace of one host are not of one mind about the session.
void write_capture_match(const ShownSession& session, const OutputOptions& options, Sink& sink) {
    const Paint paint(options.colour);
    for (const Connection* end : session.ends) {
        if (!end->capture_match) continue;
        const std::string whose = session.ends.size() > 1 ? fmt::format("  #{:<4} ", end->id) : "  ";
        sink.append(paint.yellow(wrapped(capture_match_text(*end->capture_match), whose, options.width)));
    }
}

/// "  3 requests and answers: 2.1 s at the client, 120 ms on the path, 1.9 s at the server; ..."
std::string split_text(const TimeSplit& split, const WallClock& clock) {
    std::string text = fmt::format("  {}: {} at the client, {} on the path, {} at the server", count_text(split.exchanges, "request and answer", "requests and answers"),
                                   duration_text(split.client_ns), duration_text(split.path_ns), duration_text(split.server_ns));
    if (split.exchanges > 1)
        text += fmt::format("; the longest answer took {}, {} of it on the path and {} at the server, asked at {}", duration_text(split.longest_ns),
                            duration_text(split.longest_path_ns), duration_text(split.longest_server_ns), clock.time(split.longest_request->time_ns));
    return text + "\n";
}

void write_session(const Story& story, const Plan& plan, const ShownSession& session, const WallClock& clock, const OutputOptions& options,
                   Sink& sink) {
    const Paint paint(options.colour);
    const HeadingParts parts = heading(story, plan, session);
    if (session.ends.size() == 1) {
        std::string line = paint.bold(fmt::format("{}  {}", parts.ids, parts.endpoints));
        if (!parts.process.empty()) line += "  " + parts.process;
        if (!parts.witness.empty()) line += fmt::format("  in {}", parts.witness);
        line += "  " + parts.ending;
        if (!parts.findings.empty()) line += "  " + paint.yellow(parts.findings);
        sink.append("\n" + line + "\n");
    } else {
        sink.append(fmt::format("\n{}  {}\n", paint.bold(fmt::format("{}  {}", parts.ids, parts.endpoints)), paint.yellow(parts.findings)));
        std::size_t process_width = 0, witness_width = 0;
        for (const Connection* end : session.ends) {
            process_width = std::max(process_width, display_width(process_text(story, *end)));
            witness_width = std::max(witness_width, display_width(witness_text(story, end->witness)));
        }
        for (const Connection* end : session.ends) {
            std::string line = fmt::format("  #{:<4} {:6}  ", end->id, role_text(*end));
            if (!parts.witness.empty()) line += pad_right(witness_text(story, end->witness), witness_width) + "  ";
            sink.append(line + pad_right(process_text(story, *end), process_width) + "  " + ending_text(*end) + "\n");
        }
        if (const auto split = time_split(*session.ends[0], *session.ends[1])) sink.append(split_text(*split, clock));
    }
    write_capture_match(session, options, sink);
    write_timeline(story, plan, session, clock, options, sink);
}

void write_brief(const Story& story, const Plan& plan, const OutputOptions& options, Sink& sink) {
    const Paint paint(options.colour);
    std::vector<HeadingParts> lines;
    lines.reserve(plan.brief.size());
    std::size_t ids = 0, endpoints = 0, process = 0, witness = 0;
    for (const ShownSession& session : plan.brief) {
        HeadingParts& parts = lines.emplace_back(heading(story, plan, session));
        ids = std::max(ids, display_width(parts.ids));
        endpoints = std::max(endpoints, display_width(parts.endpoints));
        process = std::max(process, display_width(parts.process));
        witness = std::max(witness, display_width(parts.witness));
    }
    sink.append("\n" + paint.bold(plan.full.empty() ? "CONNECTIONS" : "OTHER CONNECTIONS") + "\n\n");
    for (const HeadingParts& parts : lines) {
        if (!sink.good()) return;
        std::string line = fmt::format("{}  {}  {}  ", pad_right(parts.ids, ids), pad_right(parts.endpoints, endpoints), pad_right(parts.process, process));
        if (witness) line += pad_right(parts.witness, witness) + "  ";
        line += parts.ending;
        if (!parts.findings.empty()) line += "  " + paint.yellow(parts.findings);
        sink.append(line + "\n");
    }
}

void write_more(const Plan& plan, const OutputOptions& options, Sink& sink) {
    const Paint paint(options.colour);
    if (plan.repeats)
        sink.append("\n" + paint.dim(count_text(plan.repeats, "more connection repeats a finding and is not listed.",
                                                "more connections repeat a finding and are not listed.")) + "\n");
    if (!plan.counted.empty()) {
        std::size_t total = 0;
        std::string endings;
        for (const auto& [ending, count] : plan.counted) {
            total += count;
            endings += fmt::format("{}{} {}", endings.empty() ? "" : ", ", count, name(ending));
        }
        sink.append((plan.repeats ? "" : "\n") +
                    paint.dim(fmt::format("{} {}; --all lists them too.", count_text(total, "more connection is not listed:", "more connections are not listed:"), endings)) + "\n");
    }
    if (plan.repeats || !plan.brief.empty())
        sink.append((plan.repeats || !plan.counted.empty() ? "" : "\n") +
                    paint.dim("-v shows every timeline, event by event; --port, --host, --pid and --comm choose connections.") + "\n");
}

}  // namespace

void write_text(const Story& story, const Judgement& judged, const OutputOptions& given, Sink& sink) {
    OutputOptions options = given;
    options.width = std::max(options.width, 40u);
    const Paint paint(options.colour);
    const WallClock clock(story.boot_to_wall_ns, options.utc);
    const Plan plan = make_plan(story, judged.findings, options);
    write_verdict(judged.verdict, options, sink);
    write_summary(story, plan, clock, options, sink);
    write_findings(story, judged.verdict, plan, clock, options, sink);
    write_benign(judged, clock, options, sink);
    write_messages(story, clock, options, sink);
    if (!plan.full.empty()) sink.append("\n" + paint.bold("TIMELINES") + paint.dim("   ! = look here, [n] = evidence of finding n") + "\n");
    for (const ShownSession& session : plan.full) {
        if (!sink.good()) return;
        write_session(story, plan, session, clock, options, sink);
    }
    if (!plan.brief.empty()) write_brief(story, plan, options, sink);
    write_more(plan, options, sink);
}

}  // namespace tcpwitness
