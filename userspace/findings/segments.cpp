#include "findings/segments.h"

#include <algorithm>

namespace tcpwitness {

bool segments_recorded(const Story& story, WitnessId witness) {
    return story.any_recording(witness, [](const Recording& recording) { return recording.all_segments(); });
}

std::vector<const Connection*> with_segments(const Story& story) {
    std::vector<bool> recorded;
    for (WitnessId witness = 0; witness < story.witnesses.size(); ++witness) recorded.push_back(segments_recorded(story, witness));
    std::vector<const Connection*> all;
    if (std::find(recorded.begin(), recorded.end(), true) == recorded.end()) return all;
    for (const Connection& c : story.connections)
        if (!c.is_listener() && c.has(sign::established) && c.witness < recorded.size() && recorded[c.witness]) all.push_back(&c);
    return all;
}

namespace {

bool same_packet(const Event& a, const Event& b) {
    constexpr std::uint64_t within_ns = 100'000;
    const Segment &one = *a.as<Segment>(), &other = *b.as<Segment>();
    return one.interface != other.interface && one.outgoing == other.outgoing && one.seq == other.seq && one.ack == other.ack && one.flags == other.flags &&
           one.payload == other.payload && b.time_ns - a.time_ns < within_ns;
}

std::vector<const Event*> distinct_segments(const Connection& c, std::uint64_t after_ns) {
    constexpr std::ptrdiff_t most_devices = 4;
    std::vector<const Event*> distinct;
    for (const Event& event : c.events) {
        if (!event.as<Segment>() || (after_ns && event.time_ns <= after_ns)) continue;
        const auto recent = distinct.end() - std::min(std::ssize(distinct), most_devices);
        if (std::none_of(recent, distinct.end(), [&](const Event* seen) { return same_packet(*seen, event); })) distinct.push_back(&event);
    }
    return distinct;
}

}  // namespace

std::vector<const Event*> segments_of(const Connection& c) { return distinct_segments(c, c.dropped_until_ns); }
std::vector<const Event*> kept_segments(const Connection& c) { return distinct_segments(c, 0); }

std::optional<std::uint64_t> handshake_rtt(const Connection& c) {
    const Event* asked = nullptr;
    for (const Event* event : kept_segments(c)) {
        const Segment& segment = *event->as<Segment>();
        const bool asks = segment.outgoing && (segment.syn() || segment.syn_ack());
        if (asks && asked) return std::nullopt;
        if (asks) asked = event;
        if (asked && !segment.outgoing && !segment.syn()) return event->time_ns - asked->time_ns;
    }
    return std::nullopt;
}

std::optional<std::uint32_t> announced_mss(const Connection& c) {
    std::uint32_t mss[2] = {};
    for (const Event& event : c.events)
        if (const Segment* segment = event.as<Segment>(); segment && segment->mss) mss[segment->outgoing] = segment->mss;
    if (!mss[0] || !mss[1]) return std::nullopt;
    return std::min(mss[0], mss[1]);
}

}  // namespace tcpwitness
