#include "outputs/summary.h"

#include <fmt/format.h>

#include "base/text.h"
#include "correlate/markers.h"
#include "findings/interposers.h"
#include "outputs/heading.h"
#include "outputs/layout.h"

namespace tcpwitness {

namespace {

constexpr std::size_t witnesses_shown = 8, markers_shown = 8;

std::uint64_t lost_records(const Story& story) {
    std::uint64_t lost = 0;
    for (const Event& event : story.gaps)
        if (const auto* gap = event.as<Gap>()) lost += gap->lost;
    return lost;
}

std::uint64_t events_seen(const Story& story) {
    std::uint64_t events = story.process_exits.size() + story.neighbours.size() + story.unmatched.size();
    for (const Connection& connection : story.connections) events += connection.events.size() + connection.events_dropped;
    return events;
}

std::uint64_t counted_only(const Story& story) {
    std::uint64_t count = 0;
    for (const Event& event : story.repeats) count += event.as<Repeats>()->count;
    return count;
}

/// "begin 14:03:11.204118, ping:22 14:05:00.000000 (3 times)".
std::string markers_text(const Story& story, const WallClock& clock) {
    const std::vector<Marker> all = markers(story);
    std::string text;
    for (std::size_t i = 0; i < all.size() && i < markers_shown; ++i) {
        text += fmt::format("{}{} {}", i ? ", " : "", all[i].name, clock.time(all[i].times_ns.front()));
        if (all[i].times_ns.size() > 1) text += fmt::format(" ({} times)", all[i].times_ns.size());
    }
    if (all.size() > markers_shown) text += fmt::format(" and {} more", all.size() - markers_shown);
    return text;
}

std::string connections_text(const Story& story) {
    std::uint64_t listeners = 0, pairs = story.conversations.size();
    for (const Connection& connection : story.connections) listeners += connection.is_listener();
    std::string text = std::to_string(story.connections.size() - listeners);
    if (listeners) text += fmt::format(" and {}", count_text(listeners, "listener", "listeners"));
    if (pairs) text += fmt::format("; both ends are here of {}", count_text(pairs, "conversation", "conversations"));
    return text;
}

/// What reading another system's text had to leave out or to assume.
void write_text_cautions(const TraceInfo& info, auto&& caution) {
    if (const auto zone = info.meta.find("time.zone"); zone != info.meta.end() && zone->second == "assumed")
        caution("The text does not tell its time zone: its times are taken for UTC. --tz ZONE tells it.");
    if (info.unknown_records)
        caution(fmt::format("{} of the stack and of sockets skipped: they say nothing that a timeline shows.", count_text(info.unknown_records, "line", "lines")));
    if (info.foreign_packets)
        caution(fmt::format("{} of other components, or of packets that are not TCP, skipped.", count_text(info.foreign_packets, "line", "lines")));
}

}  // namespace

void write_summary(const Story& story, const Plan& plan, const WallClock& clock, const OutputOptions& options, Sink& sink) {
    const Paint paint(options.colour);
    const TraceInfo& info = story.info;
    const auto line = [&](std::string_view label, const std::string& text) {
        sink.append(wrapped(text, paint.dim(pad_right(label, 13)), options.width));
    };
    std::string host = printable(info.host);
    if (!info.kernel.empty()) host += ", Linux " + printable(info.kernel);
    line("host", host);
    const std::uint64_t length = story.end_ns > story.begin_ns ? story.end_ns - story.begin_ns : 0;
    line("recorded", fmt::format("{} {} for {} (times are {})", clock.date(story.begin_ns), clock.time(story.begin_ns).substr(0, 8),
                                 duration_text(length), clock.zone(story.begin_ns)));
    if (!info.command.empty()) line("command", printable(info.command));
    if (info.witnesses.size() > 1) {
        std::string names;
        for (std::size_t i = 0; i < info.witnesses.size() && i < witnesses_shown; ++i)
            names += (i ? ", " : "") + witness_text(story, static_cast<WitnessId>(i));
        if (info.witnesses.size() > witnesses_shown) names += fmt::format(" and {} more", info.witnesses.size() - witnesses_shown);
        line("namespaces", names);
    }
    const std::uint64_t lost = lost_records(story);
    line("events", fmt::format("{}, {} lost", events_seen(story), lost));
    if (const std::uint64_t repeated = counted_only(story))
        line("repeats", fmt::format("{} more without a socket came too fast to be recorded one by one: counted only", repeated));
    line("connections", connections_text(story));
    if (const std::string text = interposers_text(story); !text.empty()) line("interposers", text);
    if (const std::string text = markers_text(story, clock); !text.empty()) line("markers", text);
    if (options.to_ns) line("between", fmt::format("{} and {}; what lies outside is left out", clock.time(options.from_ns), clock.time(options.to_ns)));
    line("findings", std::to_string(plan.findings.size()));

    const auto caution = [&](const std::string& text) { sink.append(wrapped(text, "! ", options.width)); };
    if (info.cut_off)
        caution("The recording was cut off" + (info.cut_note.empty() ? std::string(" before it was closed") : ": " + printable(info.cut_note)) +
                "; this is everything up to there.");
    for (const ProbeStatus& probe : info.probes)
        if (probe.missed()) caution(fmt::format("Not recorded: {} ({})", printable(probe.name), printable(probe.status)));
    if (const auto source = info.meta.find("source"); source != info.meta.end()) return write_text_cautions(info, caution);
    if (info.unknown_records)
        caution(fmt::format("{} of a newer tcpwitness skipped.", count_text(info.unknown_records, "record", "records")));
    if (info.foreign_packets)
        caution(fmt::format("{} not seen by a probe of tcpwitness, or not TCP, skipped.", count_text(info.foreign_packets, "packet", "packets")));
}

}  // namespace tcpwitness
