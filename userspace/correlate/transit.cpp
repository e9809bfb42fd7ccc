#include "correlate/transit.h"

namespace tcpwitness {

namespace {
constexpr std::size_t generation_size = 65'536;
}

bool Transit::forwarded(const Event& event) {
    const Segment& segment = *event.as<Segment>();
    if (!segment.syn() && !segment.syn_ack()) return false;
    const Endpoint& source = segment.outgoing ? event.flow.local : event.flow.peer;
    const Endpoint& destination = segment.outgoing ? event.flow.peer : event.flow.local;
    const std::uint64_t key = std::uint64_t{event.witness} << 33 | std::uint64_t{segment.syn_ack()} << 32 | segment.seq;

    for (const Generation* generation : {recent_.get(), older_.get()}) {
        if (!generation) continue;
        const auto known = generation->origins.find(key);
        if (known == generation->origins.end()) continue;
        if (known->second.source != source && known->second.destination != destination) break;
        return segment.outgoing && known->second.came_in;
    }
    if (recent_->origins.size() >= generation_size) {
        older_ = std::move(recent_);
        recent_ = std::make_unique<Generation>();
    }
    recent_->origins[key] = Origin{source, destination, !segment.outgoing};
    return false;
}

}  // namespace tcpwitness
