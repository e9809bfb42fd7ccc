#include "findings/time_split.h"

#include <utility>
#include <vector>

#include "findings/segments.h"

namespace tcpwitness {

namespace {

/// The server's data segments of one direction, asked for by sequence numbers that only grow.
class Passing {
public:
    Passing(const Connection& server, bool outgoing) {
        for (const Event* event : segments_of(server))
            if (const Segment& segment = *event->as<Segment>(); segment.payload && segment.outgoing == outgoing) data_.push_back(event);
    }
    /// The first segment that holds the byte before `end`; nullptr: none does.
    const Event* first_with(std::uint32_t end) {
        while (next_ < data_.size() && seq_before(end_of(segment()), end)) ++next_;
        return next_ < data_.size() && seq_before(segment().seq, end) ? data_[next_] : nullptr;
    }

private:
    const Segment& segment() const { return *data_[next_]->as<Segment>(); }

    std::vector<const Event*> data_;
    std::size_t next_ = 0;
};

}  // namespace

std::optional<TimeSplit> time_split(const Connection& client, const Connection& server) {
    if (client.events.empty() || server.events.empty()) return std::nullopt;
    Passing requests(server, false), answers(server, true);
    TimeSplit split;
    const Event* request = nullptr;  // the last new data that the client sent
    std::uint32_t asked_end = 0, answered_end = 0;
    std::optional<std::uint64_t> answered_ns;
    bool waiting = false;  // until the byte that comes next: what stands behind a hole, nobody can read yet
    for (const Event* event : segments_of(client)) {
        const Segment& segment = *event->as<Segment>();
        if (segment.payload == 0) continue;
        const std::uint32_t end = end_of(segment);
        if (segment.outgoing) {
            if (request && !seq_after(end, asked_end)) continue;  // sent again
            if (!waiting && answered_ns) split.client_ns += event->time_ns - *answered_ns;
            waiting = true;
            request = event;
            asked_end = end;
            continue;
        }
        const std::uint32_t expected = request ? request->as<Segment>()->ack : segment.seq;
        if (waiting ? seq_after(segment.seq, expected) || !seq_after(end, expected) : answered_ns && !seq_after(end, answered_end)) continue;
        answered_ns = event->time_ns;
        answered_end = end;
        if (!std::exchange(waiting, false)) continue;
        const Event* came = requests.first_with(asked_end);
        const Event* left = answers.first_with(expected + 1);
        if (!came || !left || left->time_ns < came->time_ns) continue;
        const std::uint64_t waited = event->time_ns - request->time_ns, served = left->time_ns - came->time_ns;
        if (served > waited) continue;
        ++split.exchanges;
        split.server_ns += served;
        split.path_ns += waited - served;
        if (waited > split.longest_ns) {
            split.longest_ns = waited;
            split.longest_server_ns = served;
            split.longest_path_ns = waited - served;
            split.longest_request = request;
        }
    }
    if (split.exchanges == 0) return std::nullopt;
    return split;
}

}  // namespace tcpwitness
