#include "findings/strays.h"

#include <algorithm>
#include <set>

namespace tcpwitness {

namespace {

constexpr std::uint64_t slack_ns = 1'000'000'000;

bool answers_syn_ack(const ResetSent& reset) { return (reset.segment_flags & (tcp_flag::syn | tcp_flag::ack)) == (tcp_flag::syn | tcp_flag::ack); }
bool answers_syn(const ResetSent& reset) { return (reset.segment_flags & (tcp_flag::syn | tcp_flag::ack)) == tcp_flag::syn; }

bool without_connection(const ResetSent& reset) { return !reset.has_socket && !reset.firewall_hook && reset.answers_segment; }

}  // namespace

bool is_stray_handshake(const Connection& c) {
    return c.has(sign::syn_ack_in) && c.has(sign::rst_out) && !c.has(sign::established) && !c.has(sign::connect_called);
}

Strays::Strays(const Story& story) : story_(story) {
    std::set<std::pair<WitnessId, Endpoint>> ends;
    const auto take = [&](const Event& event) {
        by_local_[event.flow.local].push_back(&event);
        ends.insert({event.witness, event.flow.local});
    };
    for (const Event& event : story.unmatched) {
        const ResetSent* reset = event.as<ResetSent>();
        const Segment* segment = event.as<Segment>();
        if (reset ? without_connection(*reset) && !answers_syn(*reset) : segment && segment->syn_ack() && !segment->outgoing) take(event);
    }
    // A connection that is over at this end, and whose peer goes on.
    for (const Connection& c : story.with(sign::reset_sent)) {
        if (c.is_listener() || c.both_closed() || !c.has(sign::ended) || !c.has(sign::reset_sent)) continue;
        for (const Event& event : c.events)
            if (const ResetSent* reset = event.as<ResetSent>(); reset && without_connection(*reset) && !answers_syn(*reset) && !answers_syn_ack(*reset)) take(event);
    }
    // Where only packets are seen, the stranger's answer and the client's RST are a session of their own.
    for (const Connection& c : story.with(sign::rst_out)) {
        if (!is_stray_handshake(c)) continue;
        for (const Event& event : c.events)
            if (const Segment* segment = event.as<Segment>(); segment && segment->syn_ack() && !segment->outgoing) take(event);
    }
    if (ends.empty()) return;
    for (auto& [local, events] : by_local_)
        std::stable_sort(events.begin(), events.end(), [](const Event* a, const Event* b) { return a->time_ns < b->time_ns; });
    for (const auto& [witness, local] : ends)
        for (const Connection* c : story.at_port(witness, local.port))
            if (c->role == Role::client && c->flow.local == local) clients_[{witness, local}].push_back(c);
}

std::vector<const Event*> Strays::answers_from_elsewhere(const Connection& client) const {
    std::vector<const Event*> found;
    const auto at = by_local_.find(client.flow.local);
    if (at == by_local_.end() || !client.local_isn || client.role != Role::client) return found;
    for (const Event* event : at->second) {
        if (event->witness != client.witness || event->flow.peer == client.flow.peer || event->time_ns < client.begin_ns || event->time_ns > client.end_ns + slack_ns) continue;
        const ResetSent* reset = event->as<ResetSent>();
        const Segment* segment = event->as<Segment>();
        const bool of_ours = reset ? answers_syn_ack(*reset) && reset->ack == *client.local_isn + 1 : segment->ack == *client.local_isn + 1;
        if (of_ours) found.push_back(event);
    }
    return found;
}

const Event* Strays::reset_by_stranger(const Connection& c) const {
    const auto at = by_local_.find(c.flow.peer);
    if (at == by_local_.end()) return nullptr;
    for (const Event* event : at->second) {
        const ResetSent* reset = event->as<ResetSent>();
        if (!reset || event->flow.peer != c.flow.local || answers_syn_ack(*reset)) continue;
        const std::uint64_t unsure_ns = story_.uncertainty_ns(event->witness, c.witness) + slack_ns;
        if (event->time_ns + unsure_ns >= c.begin_ns && event->time_ns <= c.end_ns + unsure_ns) return event;
    }
    return nullptr;
}

const Connection* Strays::meant(const Event& reset) const {
    const auto at = clients_.find({reset.witness, reset.flow.local});
    if (at == clients_.end()) return nullptr;
    for (const Connection* c : at->second)
        if (c->flow.peer != reset.flow.peer && c->begin_ns <= reset.time_ns && (c->live() || c->end_ns + slack_ns >= reset.time_ns)) return c;  // it may have been idle
    return nullptr;
}

const Event* met_older(const Connection& client) {
    if (client.role != Role::client || client.preexisting || !client.has(sign::reset_sent)) return nullptr;  // of one that was open already nobody saw the handshake
    for (const Event& event : client.events) {
        if (client.established_ns && event.time_ns >= *client.established_ns) break;
        const ResetSent* reset = event.as<ResetSent>();
        if (reset && reset->answers_segment && !reset->firewall_hook && (reset->segment_flags & (tcp_flag::ack | tcp_flag::syn | tcp_flag::rst)) == tcp_flag::ack) return &event;
    }
    return nullptr;
}

const Event* ack_of_older(const Story& story, const Connection& client, WitnessId asked) {
    const auto bare = [&](const Event& event) {
        const Segment* segment = event.as<Segment>();
        const std::uint64_t unsure_ns = story.uncertainty_ns(client.witness, event.witness);
        return segment && segment->outgoing && event.witness == asked && segment->is(tcp_flag::ack) && event.time_ns + unsure_ns >= client.begin_ns &&
               event.time_ns <= client.end_ns + unsure_ns;
    };
    for (const Event* event : story.unmatched_packets(client.flow))
        if (bare(*event)) return event;
    for (const Connection* c : story.with_flow(client.flow.reversed()))
        if (c->witness == asked && c->begin_ns < client.begin_ns)
            for (const Event& event : c->events)
                if (bare(event)) return &event;
    return nullptr;
}

const Event* new_syn_on(const Connection& c, std::uint64_t before_ns) {
    const Event* found = nullptr;
    for (const Event& event : c.events) {
        if (event.time_ns > before_ns) break;
        const Segment* segment = event.as<Segment>();
        if (!segment || !segment->syn() || segment->outgoing) continue;
        if (c.peer_isn && segment->seq != *c.peer_isn) found = &event;
    }
    return found;
}

}  // namespace tcpwitness
