#include "findings/silence.h"

#include <algorithm>
#include <vector>

namespace tcpwitness {

namespace {

constexpr std::uint64_t ms = 1'000'000;
constexpr std::uint64_t least_idle_ns = 10'000 * ms;
constexpr std::uint64_t times_usual = 20;
constexpr std::uint64_t one_burst_ns = 100 * ms;    ///< events closer than this are one exchange
constexpr std::uint64_t answer_within_ns = 3'000 * ms;  ///< a RST later than this after our packet is no answer to it

const TcpNumbers* numbers(const Event& event) {
    if (const auto* reset = event.as<ResetReceived>()) return &reset->tcp;
    if (const auto* error = event.as<SocketError>()) return &error->tcp;
    if (const auto* again = event.as<Retransmit>()) return &again->tcp;
    return nullptr;
}

/// Traffic shows by timers, retransmits, packets and states. Calls and snapshots are none, nor is a keepalive timer that is only set.
bool is_traffic(const Event& event) {
    if (const auto* timer = event.as<Timer>()) return timer->which != Timer::Which::keepalive || timer->what == Timer::What::fired;
    return event.as<Retransmit>() || event.as<Segment>() || event.as<StateChange>();
}

std::uint64_t median(std::vector<std::uint64_t> of) {
    if (of.empty()) return 0;
    std::sort(of.begin(), of.end());
    return of[of.size() / 2];
}

/// By packets alone: the last long pause before the trouble, and whether our packet ended it.
std::optional<Silence> silence_in_packets(const Connection& c, const Event& trouble) {
    const bool by_reset = trouble.as<Segment>()->rst();
    std::vector<std::uint64_t> pauses;
    const Event *before = nullptr, *broke = nullptr;
    std::uint64_t idle = 0;
    for (const Event& event : c.events) {
        const Segment* segment = event.as<Segment>();
        if (!segment || event.time_ns <= c.dropped_until_ns) continue;
        if (&event == &trouble) break;
        const std::uint64_t pause = before ? event.time_ns - before->time_ns : 0;
        // Who had sent in vain before the pause was not idle, and has given up meanwhile.
        if (pause >= least_idle_ns && before->as<Segment>()->marks & segment_mark::rto) return std::nullopt;
        before = &event;
        if (broke && !segment->outgoing) broke = nullptr;  // the peer spoke: it was alive after all
        if (segment->marks & segment_mark::retransmission) continue;
        if (pause >= least_idle_ns && segment->outgoing) {
            broke = &event;
            idle = pause;
        } else if (pause > one_burst_ns) {
            pauses.push_back(pause);
        }
    }
    if (!broke || (by_reset && trouble.time_ns - broke->time_ns > answer_within_ns)) return std::nullopt;
    const std::uint64_t usual = median(pauses);
    if (idle < usual * times_usual) return std::nullopt;
    return Silence{idle, usual, broke->time_ns};
}

}  // namespace

std::optional<Silence> silence_before(const Connection& c, const Event& trouble) {
    if (trouble.as<Segment>()) return silence_in_packets(c, trouble);
    const TcpNumbers* tcp = numbers(trouble);
    if (!tcp) return std::nullopt;
    // The kernel's own clocks: when data last came, and when we last sent.
    const std::uint64_t received_ago = std::uint64_t{tcp->recv_idle_ms} * ms;
    const bool answered_by_reset = trouble.as<ResetReceived>() != nullptr;

    std::vector<std::uint64_t> pauses;
    std::uint64_t before = 0, broken = 0, idle = 0;
    for (const Event& event : c.events) {
        if (event.time_ns > trouble.time_ns) break;
        if (!is_traffic(event)) continue;
        const std::uint64_t from = before ? before : c.begin_ns;
        if (event.time_ns - from > one_burst_ns && event.time_ns + answer_within_ns >= trouble.time_ns && answered_by_reset && idle == 0
            && event.time_ns - from >= least_idle_ns) {
            idle = event.time_ns - from;
            broken = event.time_ns;
        } else if (event.time_ns - from > one_burst_ns && idle == 0) {
            pauses.push_back(event.time_ns - from);
        }
        before = event.time_ns;
    }
    if (!answered_by_reset) {
        // Given up after retransmits: the silence lies before the first of the last run of retransmits.
        const Event* first_again = nullptr;
        std::uint64_t last_traffic = c.begin_ns, run_began = 0;
        for (const Event& event : c.events) {
            if (event.time_ns > trouble.time_ns) break;
            const auto* again = event.as<Retransmit>();
            const auto* fired = event.as<Timer>();
            const bool part_of_run = again || (fired && fired->what == Timer::What::fired);
            if (part_of_run) {
                if (!first_again && event.time_ns - last_traffic >= least_idle_ns) {  // the packet itself is not recorded: its timer fired soon after it
                    idle = event.time_ns - last_traffic;
                    run_began = event.time_ns;
                }
                if (!first_again) first_again = &event;
            } else if (is_traffic(event) && !first_again) {
                if (event.time_ns - last_traffic >= least_idle_ns) {
                    idle = event.time_ns - last_traffic;
                    run_began = event.time_ns;
                }
                last_traffic = event.time_ns;
            }
        }
        // Only when the packet that broke the silence is the one that was sent again.
        if (!first_again || !run_began || first_again->time_ns - run_began > answer_within_ns) return std::nullopt;
        broken = run_began;
        pauses.clear();  // what was usual before, not while it was sent again
        std::uint64_t from = c.begin_ns;
        for (const Event& event : c.events) {
            if (event.time_ns >= run_began) break;
            if (!is_traffic(event)) continue;
            if (event.time_ns - from > one_burst_ns) pauses.push_back(event.time_ns - from);
            from = event.time_ns;
        }
        if (received_ago + one_burst_ns < idle) return std::nullopt;
    } else {
        // The RST answered what we sent, and nothing had come from the peer for that long. Without a timer event that
        // shows our packet, the kernel's clocks alone tell: data received long ago, data sent just now.
        const std::uint64_t sent_ago = std::uint64_t{tcp->send_idle_ms} * ms;
        if (idle == 0 && !c.events.empty() && received_ago >= least_idle_ns && sent_ago <= answer_within_ns && c.preexisting) {
            idle = received_ago - sent_ago;
            broken = trouble.time_ns - sent_ago;
        }
        if (idle == 0 || sent_ago > answer_within_ns || received_ago + one_burst_ns < idle) return std::nullopt;
    }
    const std::uint64_t usual = median(std::move(pauses));
    if (idle < least_idle_ns || idle < usual * times_usual) return std::nullopt;
    return Silence{idle, usual, broken};
}

}  // namespace tcpwitness
