#include "outputs/finding_list.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "base/text.h"
#include "outputs/layout.h"
#include "outputs/wireshark.h"

namespace tcpwitness {

namespace {

constexpr std::size_t ids_shown = 6;

std::string certainty_text(Certainty certainty, const Paint& paint) {
    const std::string text = name(certainty);
    if (certainty == Certainty::proven) return paint.strong_red(text);
    return certainty == Certainty::likely ? paint.yellow(text) : paint.cyan(text);
}

/// "#1, #2 and 381 more".
std::string ids_text(const std::vector<ConnectionId>& ids) {
    std::string text;
    const std::size_t shown = std::min(ids.size(), ids_shown);
    for (std::size_t i = 0; i < shown; ++i) text += fmt::format("{}#{}", i ? ", " : "", ids[i]);
    if (ids.size() > shown) text += fmt::format(" and {} more", ids.size() - shown);
    return text;
}

/// How to see it in Wireshark, where one of its packets is in the file.
void write_wireshark(const Story& story, const Finding& finding, const Paint& paint, Sink& sink) {
    const Event* packet = packet_to_show(story, finding);
    const std::string file = packet ? file_of(story, *packet) : "";
    if (file.empty()) return;
    sink.append(paint.dim("    " + wireshark_command(file, frame_of(*packet))) + "\n");
    if (const std::string filter = display_filter(story, finding); !filter.empty()) sink.append(paint.dim("    display filter: " + filter) + "\n");
}

void write_finding(const Story& story, const Finding& finding, std::size_t number, const WallClock& clock, const OutputOptions& options, Sink& sink) {
    const Paint paint(options.colour);
    sink.append(fmt::format("\n{} {}   culprit {}, {}", paint.yellow(fmt::format("[{}]", number)), paint.bold(finding.rule),
                            paint.bold(name(finding.culprit)), certainty_text(finding.certainty, paint)));
    std::string when = clock.time(finding.first_ns);
    if (finding.count > 1) when += " to " + clock.time(finding.last_ns);
    sink.append(paint.dim(fmt::format("   {}", when)) + "\n");
    sink.append(paint.bold(wrapped(printable(finding.headline), "    ", options.width)));
    for (const std::string& reason : finding.reasons) sink.append(wrapped(printable(reason), "    - ", options.width));
    if (!finding.settle.empty()) sink.append(wrapped(printable(finding.settle), "    settle: ", options.width));
    if (!finding.connections.empty())
        sink.append(paint.dim(fmt::format("    {} {}", finding.connections.size() == 1 ? "connection" : "connections", ids_text(finding.connections))) + "\n");
    write_wireshark(story, finding, paint, sink);
}

/// How a destination stands: no verdict, so it has no number, culprit or certainty of its own here.
void write_states(const Plan& plan, std::size_t beside, std::string_view first, const OutputOptions& options, Sink& sink) {
    const auto found = plan.states.find(beside);
    if (found == plan.states.end()) return;
    for (const std::size_t number : found->second) {
        const Finding& state = *plan.findings[number - 1];
        std::string text = fmt::format("{}: {}", state.rule, printable(state.headline));
        for (const std::string& reason : state.reasons) text += "; " + printable(reason);
        sink.append(wrapped(text, first, options.width));
    }
}

/// The first that fits in a line.
std::string shortened(std::string text, std::size_t width) {
    if (display_width(text) <= width) return text;
    std::size_t bytes = 0;
    for (std::size_t shown = 0; shown + 3 < width && bytes < text.size(); ++shown) bytes += std::max<std::size_t>(1, first_character(std::string_view(text).substr(bytes)).length);
    return text.substr(0, bytes) + "...";
}

/// Those of a group that are not printed in full: a line each, then how many more.
void write_group(const Plan& plan, const Finding& of, const WallClock& clock, const OutputOptions& options, Sink& sink) {
    const Paint paint(options.colour);
    std::size_t lines = 0, counted = 0;
    for (std::size_t i = 0; i < plan.findings.size(); ++i) {
        if (plan.listing[i] == Listing::beside || plan.listing[i] == Listing::full || group(*plan.findings[i]) != group(of)) continue;
        if (plan.listing[i] == Listing::counted) {
            ++counted;
            continue;
        }
        if (lines++ == 0) sink.append(fmt::format("\nalso {}, culprit {}, {}:\n", paint.bold(of.rule), name(of.culprit), name(of.certainty)));
        const Finding& one = *plan.findings[i];
        const std::string number = fmt::format("  [{}]", i + 1);
        sink.append(fmt::format("{}  {}  {}\n", paint.yellow(pad_right(number, 7)), paint.dim(clock.time(one.first_ns)),
                                shortened(printable(one.headline), options.width - 26)));
    }
    if (counted) sink.append(paint.dim(fmt::format("  and {} more of these; --all lists them", counted)) + "\n");
    std::map<std::string, std::size_t> states;
    for (const auto& [beside, numbers] : plan.states)
        if (beside && plan.listing[beside - 1] != Listing::full && group(*plan.findings[beside - 1]) == group(of))
            for (const std::size_t number : numbers) ++states[plan.findings[number - 1]->rule];
    for (const auto& [rule, count] : states) sink.append(fmt::format("  state: {}, {}\n", rule, count_text(count, "destination", "destinations")));
}

}  // namespace

void write_findings(const Story& story, const Verdict& verdict, const Plan& plan, const WallClock& clock, const OutputOptions& options, Sink& sink) {
    const Paint paint(options.colour);
    sink.append("\n" + paint.bold("FINDINGS") + "\n");
    if (plan.findings.empty()) {
        sink.append(verdict.what == Verdict::What::clean ? "\nNone: every connection is accounted for, and none was in trouble.\n" : "\nNone, but that is no all-clear: see the first line.\n");
        return;
    }
    std::map<GroupKey, std::size_t> last_in_full;
    for (std::size_t i = 0; i < plan.findings.size(); ++i)
        if (plan.listing[i] == Listing::full) last_in_full[group(*plan.findings[i])] = i;
    for (std::size_t i = 0; i < plan.findings.size() && sink.good(); ++i) {
        if (plan.listing[i] != Listing::full) continue;
        const Finding& finding = *plan.findings[i];
        write_finding(story, finding, i + 1, clock, options, sink);
        write_states(plan, i + 1, "    state: ", options, sink);
        if (last_in_full[group(finding)] == i) write_group(plan, finding, clock, options, sink);
    }
    if (plan.states.contains(0)) sink.append("\n");
    write_states(plan, 0, "state: ", options, sink);
    sink.append("\n" + paint.dim(fmt::format("tcpwitness explain {} says what it means, what it is not and what to do next.",
                                             plan.findings.front()->rule)) + "\n");
}

}  // namespace tcpwitness
