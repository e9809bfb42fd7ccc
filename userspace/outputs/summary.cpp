#include "outputs/summary.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <set>

#include <fmt/format.h>

#include "base/text.h"
#include "correlate/markers.h"
#include "findings/interposers.h"
#include "model/undecoded.h"
#include "outputs/clock_text.h"
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

/// A call is one record and two events, and so is a packet on lo: the recorder counts records. Of a part of a story they are not known.
std::string records_text(const Story& story, const OutputOptions& options) {
    std::uint64_t records = 0;
    for (const Recording& recording : story.recordings) {
        if (!recording.records) return {};
        records += recording.records;
    }
    return records && !options.to_ns ? fmt::format(" from {}", count_text(records, "record", "records")) : "";
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
        text += fmt::format("{}{} {}", i ? ", " : "", printable(all[i].name), clock.time(all[i].times_ns.front()));
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
void write_text_cautions(const Recording& info, const std::function<void(const std::string&)>& caution) {
    if (const auto zone = info.meta.find("time.zone"); zone != info.meta.end() && zone->second == "assumed")
        caution("The text does not tell its time zone: its times are taken for UTC. --tz ZONE tells it.");
    if (info.unknown_records && info.meta.at("source") == "packet list")
        caution(fmt::format("{} TCP and could not be read.", count_text(info.unknown_records, "row says", "rows say")));
    else if (info.unknown_records)
        caution(fmt::format("{} of the stack and of sockets skipped: they say nothing that a timeline shows.", count_text(info.unknown_records, "line", "lines")));
    if (info.foreign_packets)
        caution(fmt::format("{} of other components, or of packets that are not TCP, skipped.", count_text(info.foreign_packets, "line", "lines")));
}

std::string overlap_text(const PacketOverlap& overlap) {
    std::string text = fmt::format("{} also in the trace of its host; {} only here, {} only there; {}", count_text(overlap.packets, "packet", "packets"), overlap.only_captured,
                                   overlap.only_traced, count_text(overlap.sessions_without_socket, "session", "sessions"));
    if (overlap.without_socket) text += fmt::format(", {} in all,", count_text(overlap.without_socket, "packet", "packets"));
    text += " without a socket there";
    if (overlap.events_without_packet) text += fmt::format("; {} there without their packet here", count_text(overlap.events_without_packet, "socket event", "socket events"));
    return text;
}

/// What a device between two witnesses rewrote: each pair of addresses once.
std::vector<std::string> translations(const Story& story) {
    constexpr std::size_t most = 5;
    std::vector<std::string> texts;
    std::set<std::pair<Flow, Flow>> told;
    for (const Conversation& both : story.conversations) {
        const Connection *client = story.connection(both.client), *server = story.connection(both.server);
        if (!both.translated || !client || !server) continue;
        Flow inside = client->flow, outside = server->flow.reversed();
        inside.local.port = outside.local.port = 0;  // of the client: each session has another
        if (!told.emplace(inside, outside).second) continue;
        if (told.size() > most) {
            texts.push_back("and more");
            break;
        }
        texts.push_back(fmt::format("{} -> {} at {} is {} -> {} at {}", client->flow.local.text(), client->flow.peer.text(), witness_text(story, client->witness), server->flow.peer.text(),
                                    server->flow.local.text(), witness_text(story, server->witness)));
    }
    return texts;
}

/// A capture tells no host's name as a rule; then where it was made, as far as its sessions show.
std::string host_text(const Story& story, const Recording& recording) {
    std::string host = printable(recording.host);
    if (!recording.kernel.empty()) host += (host.empty() ? "Linux " : ", Linux ") + printable(recording.kernel);
    const bool alone = story.recordings.size() == 1 && story.witnesses.size() == 1;
    return host.empty() && alone && !story.connections.empty() ? witness_text(story, 0) : host;
}

/// How an application's log and what it was given with fit together.
void write_log_cautions(const Recording& recording, const std::function<void(const std::string&)>& caution) {
    const auto told = [&](const char* key) { const auto at = recording.meta.find(key); return at == recording.meta.end() ? std::optional<std::int64_t>{} : parse_number<std::int64_t>(at->second); };
    if (const auto hours = told("log.fits_shifted_hours"))
        caution(fmt::format("No message of {} lies in the time of the other files; shifted by {:+} h they do. If its clock shows another zone, give it as FILE=ZONE ({}={:+03}:00).", printable(recording.file), *hours,
                            printable(recording.file), -*hours));
    if (const auto outside = told("log.messages_outside"))
        caution(count_text(static_cast<std::uint64_t>(*outside), "message of the log lies", "messages of the log lie") + " outside the recording's time, and are left out.");
    if (const auto rows = told("text.rows_without_ports"))
        caution(fmt::format("{} neither ports nor numbers: taken as data of the only connection between those hosts.", count_text(static_cast<std::uint64_t>(*rows), "row shows", "rows show")));
    if (const auto names = recording.meta.find("text.port_names"); names != recording.meta.end())
        caution(fmt::format("Ports are shown by names that are not known here; these numbers stand for them: {}.", printable(names->second)));
    if (const auto rows = told("text.repeated_rows")) caution(count_text(static_cast<std::uint64_t>(*rows), "row stands", "rows stand") + " in the text twice, and counted once.");
    if (const auto relative = recording.meta.find("text.relative_time"); relative != recording.meta.end())
        caution(relative->second == "differences" ? "The text tells no time of day: each time counts from the row before, so rows that are not in it shift all later ones."
                                                  : "The text tells no time of day: its times count from an unknown moment.");
    if (recording.meta.contains("text.no_date")) caution("The text tells times of day and no date: 1970-01-01 stands for its first day.");
    if (recording.meta.contains("own_end")) caution("The text does not tell which end is its host's own; --witness NAME=ADDR tells it.");
}

void write_cautions(const Recording& recording, const std::function<void(const std::string&)>& caution) {
    write_log_cautions(recording, caution);
    for (const std::string& copy : recording.copies) caution(printable(copy) + ".");
    for (const std::string& place : recording.damage) caution("The file is damaged: " + printable(place) + ".");
    for (const auto& [what, packets] : recording.undecoded) caution(fmt::format("Not looked into: {}. TCP may be there.", undecoded_text(what, packets)));
    if (recording.cut_off)
        caution("The recording was cut off" + (recording.cut_note.empty() ? std::string(" before it was closed") : ": " + printable(recording.cut_note)) +
                "; this is everything up to there.");
    for (const ProbeStatus& probe : recording.probes)
        if (probe.missed()) caution(fmt::format("Not recorded: {} ({})", printable(probe.name), printable(probe.status)));
    if (recording.sessions_not_listed)
        caution(fmt::format("{} counted and not listed: there are too many of them, or of those in trouble.", count_text(recording.sessions_not_listed, "session is", "sessions are")));
    if (recording.meta.contains("source")) return write_text_cautions(recording, caution);
    if (recording.unknown_records)
        caution(fmt::format("{} of a newer tcpwitness skipped.", count_text(recording.unknown_records, "record", "records")));
    if (recording.foreign_packets && recording.capture())
        caution(fmt::format("{} not TCP, skipped.", count_text(recording.foreign_packets, "packet", "packets")));
    else if (recording.foreign_packets)
        caution(fmt::format("{} not seen by a probe of tcpwitness, or not TCP, skipped.", count_text(recording.foreign_packets, "packet", "packets")));
}

}  // namespace

void write_summary(const Story& story, const Plan& plan, const WallClock& clock, const OutputOptions& options, Sink& sink) {
    const Paint paint(options.colour);
    const auto line = [&](std::string_view label, const std::string& text) {
        sink.append(wrapped(text, paint.dim(pad_right(label, 13)), options.width));
    };
    for (const Recording& recording : story.recordings) {
        const std::string host = host_text(story, recording);
        if (story.recordings.size() == 1) {
            if (!host.empty()) line("host", host);
            continue;
        }
        line("file", (recording.file.empty() ? "standard input" : printable(recording.file)) + (host.empty() ? "" : ": " + host));
        const std::string columns = offset_columns_text(recording, story.recordings.front());
        line("  clock", clock_text(recording) + (columns.empty() ? "" : "; " + columns));
        if (recording.overlap) line("  packets", overlap_text(*recording.overlap));
    }
    for (const std::string& text : translations(story)) line("translated", text);
    const std::uint64_t length = story.end_ns > story.begin_ns ? story.end_ns - story.begin_ns : 0;
    line("recorded", fmt::format("{} {} for {} (times are {})", clock.date(story.begin_ns), clock.time(story.begin_ns).substr(0, 8),
                                 duration_text(length), clock.zone(story.begin_ns)));
    for (const Recording& recording : story.recordings)
        if (!recording.command.empty()) line("command", printable(recording.command));
    if (story.witnesses.size() > 1) {
        std::string names;
        for (std::size_t i = 0; i < story.witnesses.size() && i < witnesses_shown; ++i)
            names += (i ? ", " : "") + witness_text(story, static_cast<WitnessId>(i));
        if (story.witnesses.size() > witnesses_shown) names += fmt::format(" and {} more", story.witnesses.size() - witnesses_shown);
        line("namespaces", names);
    }
    const std::uint64_t lost = lost_records(story);
    line("events", fmt::format("{}{}, {} lost", events_seen(story), records_text(story, options), lost));
    if (const std::uint64_t repeated = counted_only(story))
        line("repeats", fmt::format("{} more without a socket came too fast to be recorded one by one: counted only", repeated));
    line("connections", connections_text(story));
    if (const std::string text = interposers_text(story); !text.empty()) line("interposers", text);
    if (const std::string text = markers_text(story, clock); !text.empty()) line("markers", text);
    if (options.to_ns) line("between", fmt::format("{} and {}; what lies outside is left out", clock.time(options.from_ns), clock.time(options.to_ns)));
    const auto states = static_cast<std::size_t>(std::count(plan.listing.begin(), plan.listing.end(), Listing::beside));
    line("findings", std::to_string(plan.findings.size() - states));

    const auto caution = [&](const std::string& text) { sink.append(wrapped(text, "! ", options.width)); };
    for (const Recording& recording : story.recordings) write_cautions(recording, caution);
}

}  // namespace tcpwitness
