#include "outputs/live.h"

#include <fmt/format.h>

#include "base/text.h"
#include "model/describe.h"
#include "outputs/heading.h"
#include "outputs/layout.h"
#include "outputs/wall_clock.h"

namespace tcpwitness {

namespace {

/// As far as the printed times show it.
std::string late_text(std::uint64_t time_ns, std::uint64_t told_ns) {
    return told_ns / 1000 > time_ns / 1000 ? fmt::format(" (told {} late)", duration_text(told_ns - time_ns)) : "";
}

}  // namespace

std::string live_line(const Story& story, const Finding& finding, const OutputOptions& options, std::uint64_t told_ns) {
    const Paint paint(options.colour);
    const WallClock clock(story.boot_to_wall_ns, options.utc);
    const std::string headline = printable(finding.headline) + late_text(finding.last_ns, told_ns);
    if (finding.state)  // judges nobody
        return fmt::format("{}  {}  {}  {}  {}", paint.dim(clock.time(finding.last_ns)), pad_right("state", 8), pad_right("-", 19), paint.bold(pad_right(finding.rule, 22)),
                           headline);
    const std::string certainty = pad_right(name(finding.certainty), 8);
    return fmt::format("{}  {}  {}  {}  {}", paint.dim(clock.time(finding.last_ns)),
                       finding.certainty == Certainty::proven   ? paint.strong_red(certainty)
                       : finding.certainty == Certainty::likely ? paint.yellow(certainty)
                                                                : paint.cyan(certainty),
                       pad_right(name(finding.culprit), 19), paint.bold(pad_right(finding.rule, 22)), headline);
}

std::string live_event_line(const Story& story, const Event& event, const Connection* connection, const OutputOptions& options, std::uint64_t told_ns) {
    const Paint paint(options.colour);
    const WallClock clock(story.boot_to_wall_ns, options.utc);
    const bool marked = noteworthy(event);
    std::string line = (marked ? paint.strong_red("! ") : "  ") + paint.dim(clock.time(event.time_ns)) + "  ";
    if (story.witnesses.size() > 1) line += pad_right(witness_text(story, event.witness), 8) + "  ";
    if (connection) {
        line += pad_right(fmt::format("#{}  {}  {}", connection->id, endpoints_text(*connection), process_text(*connection)), 64);
    } else if (event.flow.local.port || event.flow.peer.port) {
        line += pad_right(fmt::format("{} -- {}", event.flow.local.text(), event.flow.peer.text()), 64);
    } else {
        line += pad_right("", 64);
    }
    line += fmt::format("  {:5}  ", name(layer(event)));
    const std::string said = sentence_within(event, connection) + late_text(event.time_ns, told_ns);
    return line + (marked ? paint.red(said) : said);
}

}  // namespace tcpwitness
