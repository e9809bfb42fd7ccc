#include "outputs/companion_packet.h"

namespace tcpwitness {

namespace {

constexpr std::uint64_t close_by_ns = 1'000'000;  // the kernel is done with a packet long before
constexpr std::size_t steps = 64;                 // events looked at on each side

/// Looks from one event to both sides for the nearest packet of a kind.
class Nearby {
public:
    Nearby(std::span<const Event> events, std::size_t at) : events_(events), at_(at) {}

    template <typename Wanted>
    const Event* before(Wanted wanted) const {
        for (std::size_t i = at_, left = steps; i-- > 0 && left-- > 0;) {
            if (events_[at_].time_ns - events_[i].time_ns > close_by_ns) break;
            if (fits(events_[i], wanted)) return &events_[i];
        }
        return nullptr;
    }
    template <typename Wanted>
    const Event* after(Wanted wanted) const {
        for (std::size_t i = at_ + 1, left = steps; i < events_.size() && left-- > 0; ++i) {
            if (events_[i].time_ns - events_[at_].time_ns > close_by_ns) break;
            if (fits(events_[i], wanted)) return &events_[i];
        }
        return nullptr;
    }

private:
    template <typename Wanted>
    static bool fits(const Event& event, Wanted wanted) {
        const Segment* segment = event.as<Segment>();
        return segment && segment->frame && wanted(*segment);
    }

    std::span<const Event> events_;
    std::size_t at_;
};

bool incoming(const Segment& segment) { return !segment.outgoing; }
bool outgoing(const Segment& segment) { return segment.outgoing; }
bool reset_in(const Segment& segment) { return !segment.outgoing && segment.rst(); }
bool reset_out(const Segment& segment) { return segment.outgoing && segment.rst(); }
bool control_out(const Segment& segment) { return segment.outgoing && (segment.flags & (tcp_flag::syn | tcp_flag::fin)); }

const Event* of_state(const StateChange& change, const Nearby& nearby) {
    switch (change.to) {
        case TcpState::syn_sent:
        case TcpState::fin_wait1:
        case TcpState::last_ack: return nearby.after(control_out);
        case TcpState::close:
            if (const Event* packet = nearby.before(reset_in)) return packet;
            if (const Event* packet = nearby.after(reset_out)) return packet;
            return nearby.before(incoming);
        default: return nearby.before(incoming);
    }
}

/// The kernel reports a resend when the packet has left; a capture may stamp it a moment later.
const Event* of_resend(std::uint32_t seq, const Nearby& nearby) {
    const auto same = [seq](const Segment& segment) { return segment.outgoing && segment.seq == seq; };
    if (const Event* packet = nearby.before(same)) return packet;
    return nearby.after(same);
}

const Event* of_timer(const Timer& timer, const Nearby& nearby) {
    if (timer.what == Timer::What::fired) return nearby.after(outgoing);
    if (const Event* packet = nearby.before(control_out)) return packet;
    return nearby.after(control_out);
}

}  // namespace

const Event* companion_packet(std::span<const Event> events, std::size_t at) {
    const Event& event = events[at];
    const Nearby nearby(events, at);
    if (const auto* change = event.as<StateChange>()) return of_state(*change, nearby);
    if (const auto* timer = event.as<Timer>()) return of_timer(*timer, nearby);
    if (const auto* resend = event.as<Retransmit>()) return of_resend(resend->seq, nearby);
    if (const auto* resend = event.as<SynAckRetransmit>()) return of_resend(resend->sent_isn, nearby);
    if (event.as<ResetReceived>() || event.as<SocketError>()) return nearby.before(reset_in);
    if (event.as<ResetSent>()) return nearby.after(reset_out);
    if (const auto* drop = event.as<Drop>(); drop && !drop->icmp)
        return nearby.before([drop](const Segment& segment) { return segment.outgoing == drop->outgoing && segment.seq == drop->seq; });
    return nullptr;
}

}  // namespace tcpwitness
