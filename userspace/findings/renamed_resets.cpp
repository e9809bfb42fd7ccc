#include "findings/renamed_resets.h"

namespace tcpwitness {

RenamedResets::RenamedResets(const Story& story) : story_(story) {
    const auto take = [&](const Event& event) {
        if (const Segment* segment = event.as<Segment>(); segment && segment->rst() && segment->outgoing && segment->seq) by_seq_[segment->seq].push_back(&event);
    };
    for (const Connection& c : story.with(sign::rst_out))
        for (const Event& event : c.events) take(event);
    for (const Event& event : story.unmatched) take(event);
}

const Event* RenamedResets::sent_as(const Connection& c, const Event& came_in) const {
    constexpr std::uint64_t on_its_way_ns = 2'000'000'000;
    const auto alike = by_seq_.find(came_in.as<Segment>()->seq);
    if (alike == by_seq_.end()) return nullptr;
    for (const Event* sent : alike->second) {
        const std::uint64_t slack_ns = sent->witness == c.witness ? 0 : story_.uncertainty_ns(sent->witness, c.witness);
        const bool in_time = sent->time_ns <= came_in.time_ns + slack_ns && came_in.time_ns <= sent->time_ns + on_its_way_ns + slack_ns;
        const bool same_service = sent->flow.local == c.flow.peer || sent->flow.local.port == c.flow.peer.port;
        const bool other_name = sent->flow != c.flow.reversed() && sent->flow != c.flow;
        if (in_time && same_service && other_name) return sent;
    }
    return nullptr;
}

}  // namespace tcpwitness
