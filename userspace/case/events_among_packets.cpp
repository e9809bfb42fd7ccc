#include "case/events_among_packets.h"

#include <algorithm>
#include <utility>

#include "case/shared_packets.h"

namespace tcpwitness {

namespace {

bool earlier(const Event* a, const Event* b) { return a->time_ns < b->time_ns; }

/// By time, across everything: frames' numbers and those of events would be mixed up.
void number_through(Exhibit& exhibit) {
    std::vector<Event*> order;
    for_each_event(exhibit, [&](Event& event) { order.push_back(&event); });
    std::stable_sort(order.begin(), order.end(), earlier);
    for (std::size_t i = 0; i < order.size(); ++i) order[i]->id = i + 1;
    std::sort(exhibit.events.begin(), exhibit.events.end(), [](const Event& a, const Event& b) { return a.id < b.id; });
    exhibit.packets = order.size();
}

/// The events' recording, which holds the packets too.
TraceInfo described(TraceInfo events, const Exhibit& capture) {
    const TraceInfo& packets = capture.info;
    for (ProbeStatus& probe : events.probes)
        if (probe.name.starts_with("packet")) probe.status = "attached", probe.events = capture.packets - packets.foreign_packets;
    events.interfaces = packets.interfaces;
    events.meta["segments"] = "yes";
    events.sessions_not_listed = packets.sessions_not_listed;
    events.foreign_packets += packets.foreign_packets;
    if (events.started_ns == 0 || (packets.started_ns && packets.started_ns < events.started_ns)) events.started_ns = packets.started_ns;
    events.ended_ns = std::max(events.ended_ns, packets.ended_ns);
    if (events.cut_note.empty()) events.cut_note = packets.cut_note;
    events.cut_off = !events.cut_note.empty();
    return events;
}

}  // namespace

Exhibit exhibit_with_events(CaptureStory capture) {
    Trace trace = *std::exchange(capture.host_events, std::nullopt);
    Exhibit packets = exhibit_of(std::move(capture));
    Exhibit exhibit;
    exhibit.info = described(std::move(trace.info), packets);
    exhibit.events = std::move(trace.events);
    constexpr RecordingId only_one = 0;
    exhibit.sessions = place_packets(packets, exhibit.events, only_one);
    exhibit.connections = std::move(packets.connections);
    exhibit.unmatched = std::move(packets.unmatched);
    number_through(exhibit);
    return exhibit;
}

}  // namespace tcpwitness
