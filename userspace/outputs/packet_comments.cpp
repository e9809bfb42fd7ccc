#include "outputs/packet_comments.h"

#include <algorithm>
#include <map>
#include <unordered_map>

#include <fmt/format.h>

#include "base/text.h"
#include "correlate/markers.h"
#include "model/describe.h"
#include "outputs/companion_packet.h"
#include "outputs/heading.h"

namespace tcpwitness {

namespace {

const char* sender_text(const Connection& connection, const Segment& segment) {
    if (segment.outgoing) return role_text(connection);
    return connection.role == Role::client ? "server" : connection.role == Role::server ? "client" : "peer";
}

}  // namespace

PacketComments::PacketComments(const Story& story, std::span<const Finding* const> ranked, const OutputOptions& options)
    : story_(story), findings_(ranked), recording_(options.recording) {
    note_findings();
    for (const Connection& connection : story.connections)
        if (!options.selected || options.selected(connection)) note_connection(connection);
    for (const Event& event : story.unmatched)
        if (here(event) && sets_marker(event) && noteworthy(event)) notes_.push_back({frame_of(event), 0, nullptr, &event});
    const auto rank = [](const Note& note) { return note.finding ? 0 : note.about ? 2 : 1; };
    std::stable_sort(notes_.begin(), notes_.end(), [&](const Note& a, const Note& b) { return a.frame != b.frame ? a.frame < b.frame : rank(a) < rank(b); });
    const auto same = [](const Note& a, const Note& b) {
        return a.frame == b.frame && a.finding == b.finding && (a.finding ? true : a.about == b.about && a.connection == b.connection);
    };
    notes_.erase(std::unique(notes_.begin(), notes_.end(), same), notes_.end());
}

void PacketComments::note_findings() {
    std::unordered_map<std::uint64_t, std::vector<std::size_t>> numbers;  // event id -> findings
    for (std::size_t i = 0; i < findings_.size(); ++i)
        for (const std::uint64_t id : findings_[i]->evidence) numbers[id].push_back(i + 1);
    const auto note = [&](const Event& event, const Event* packet, const Connection* connection) {
        const std::uint64_t frame = packet && here(*packet) ? frame_of(*packet) : 0;
        if (frame == 0) return;
        if (const auto found = numbers.find(event.id); found != numbers.end())
            for (const std::size_t number : found->second) notes_.push_back({frame, number, connection, nullptr});
    };
    for (const Connection& connection : story_.connections)
        for (std::size_t i = 0; i < connection.events.size(); ++i)
            if (const Event& event = connection.events[i]; numbers.contains(event.id))
                note(event, frame_of(event) ? &event : companion_packet(connection.events, i), &connection);
    for (const Event& event : story_.unmatched) note(event, &event, nullptr);
    std::sort(notes_.begin(), notes_.end(), [](const Note& a, const Note& b) { return a.frame != b.frame ? a.frame < b.frame : a.finding < b.finding; });
}

void PacketComments::note_connection(const Connection& connection) {
    const std::vector<Event>& events = connection.events;
    bool first = true;
    for (std::size_t i = 0; i < events.size(); ++i) {
        const Segment* own = events[i].as<Segment>();
        const std::uint64_t frame = here(events[i]) ? frame_of(events[i]) : 0;
        if (own && frame && first) {
            first = false;
            if (connection.owner.known() || connection.embryonic) notes_.push_back({frame, 0, &connection, nullptr});
        }
        if (frame && (!own || own->marks) && noteworthy(events[i])) notes_.push_back({frame, 0, &connection, &events[i]});
        if (own || frame) continue;
        if (const Event* packet = companion_packet(events, i); packet && here(*packet)) notes_.push_back({frame_of(*packet), 0, &connection, &events[i]});
    }
}

/// Tells the two ends of a session apart.
std::string PacketComments::who(const Connection& connection) const {
    const std::string role = role_text(connection);
    return story_.witnesses.size() > 1 ? fmt::format("{} ({})", witness_text(story_, connection.witness), role) : role;
}

std::string PacketComments::text(const Note& note) const {
    if (note.finding) {
        const Finding& finding = *findings_[note.finding - 1];
        return fmt::format("finding [{}] {}: {}", note.finding, finding.rule, printable(finding.headline));
    }
    if (!note.about) return fmt::format("{}: {}", who(*note.connection), process_text(story_, *note.connection));
    if (!note.connection || note.about->as<Icmp>()) return sentence(*note.about);
    if (const Segment* segment = note.about->as<Segment>()) return fmt::format("{}: {}", sender_text(*note.connection, *segment), marks_text(*segment));
    return fmt::format("{}: {}", who(*note.connection), sentence_within(*note.about, note.connection));
}

std::vector<std::string> PacketComments::of(std::uint64_t frame) const {
    auto at = std::lower_bound(notes_.begin(), notes_.end(), frame, [](const Note& note, std::uint64_t wanted) { return note.frame < wanted; });
    std::vector<std::string> lines;
    for (; at != notes_.end() && at->frame == frame; ++at) lines.push_back(text(*at));
    return lines;
}

}  // namespace tcpwitness
