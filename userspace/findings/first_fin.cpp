#include "findings/first_fin.h"

#include "findings/packets_alone.h"

namespace tcpwitness {

std::optional<FirstFin> first_fin(const Connection& c) {
    const bool client = c.role == Role::client;
    if (c.is_listener() || c.embryonic || c.preexisting || by_packets(c) || !c.established_ns || !c.local_isn || !c.peer_isn || !c.has(sign::fin_out | sign::fin_in)) return std::nullopt;
    for (const Event& event : c.events) {
        const Segment* segment = event.as<Segment>();
        if (!segment || !segment->fin()) continue;
        if (event.time_ns < *c.established_ns) return std::nullopt;
        const std::uint32_t by_sender = segment->seq + segment->payload - (segment->outgoing ? *c.local_isn : *c.peer_isn) - 1;
        const std::uint32_t by_other = segment->ack - (segment->outgoing ? *c.peer_isn : *c.local_isn) - 1;
        constexpr std::uint32_t no_count = 1u << 31;  // beyond 2 GB the numbers cannot tell
        if (by_sender >= no_count || by_other >= no_count) return std::nullopt;
        FirstFin fin{&event, segment->outgoing == client, event.time_ns - *c.established_ns, 0, 0};
        fin.sent = fin.by_client ? by_sender : by_other;
        fin.received = fin.by_client ? by_other : by_sender;
        return fin;
    }
    return std::nullopt;
}

}  // namespace tcpwitness
