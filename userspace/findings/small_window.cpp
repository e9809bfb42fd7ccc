#include "findings/small_window.h"

#include <fmt/format.h>

#include "base/text.h"
#include "findings/facts.h"
#include "findings/queue_facts.h"

namespace tcpwitness {

namespace {

constexpr const char* id = "zero-window-stall";
constexpr std::uint64_t least_ns = 2'000'000'000;
constexpr std::size_t many_probes = 8;

/// Probes of a window that answered each time: nothing that was lost, and no closed window, which grows their distance.
std::vector<const Event*> answered_probes(const Connection& c) {
    std::vector<const Event*> fired;
    for (const Event& event : c.events) {
        const Timer* timer = event.as<Timer>();
        if (!timer || timer->what != Timer::What::fired || timer->which != Timer::Which::zero_window_probe) continue;
        if (timer->backoff || timer->retransmits) return {};
        fired.push_back(&event);
    }
    return fired;
}

/// The peer's SYN or SYN-ACK, as this end got it.
const Event* handshake_in(const Connection& c) {
    for (const Event& event : c.events)
        if (const Segment* segment = event.as<Segment>(); segment && !segment->outgoing && (segment->syn() || segment->syn_ack())) return &event;
    return nullptr;
}

/// The same packet as it left its sender.
const Event* as_it_left(const Connection& peer, const Segment& arrived) {
    for (const Event& event : peer.events)
        if (const Segment* segment = event.as<Segment>(); segment && segment->outgoing && segment->seq == arrived.seq && (segment->syn() || segment->syn_ack())) return &event;
    return nullptr;
}

std::string scale_text(std::int8_t scale) { return scale < 0 ? "no window scale" : fmt::format("window scale {}", scale); }

}  // namespace

std::optional<Finding> small_window(const Story& story, const Connection& c, const Proof& changed) {
    if (!c.has(sign::established) || c.is_listener() || c.end_ns < c.begin_ns + least_ns) return std::nullopt;
    const auto fired = answered_probes(c);
    if (fired.size() < many_probes || fired.back()->time_ns - fired.front()->time_ns < least_ns) return std::nullopt;
    const Event* arrived = handshake_in(c);
    const Connection* other = story.other_end(c);
    const Event* left = arrived && other ? as_it_left(*other, *arrived->as<Segment>()) : nullptr;
    // A reader that takes its time with a small buffer looks alike, and stands still nowhere.
    if (left ? left->as<Segment>()->window_scale == arrived->as<Segment>()->window_scale : !arrived || arrived->as<Segment>()->window_scale > 0) return std::nullopt;
    Finding f = about(id, Culprit::unknown, Certainty::possible, c, fired.back()->time_ns);
    f.first_ns = f.onset_ns = fired.front()->time_ns;
    const std::string peer = c.flow.peer.text(), time = since(f.first_ns, f.last_ns);
    f.headline = fmt::format("{}{}: data to {} crawled for {}: the window that {} offers is open, but smaller than a segment", who(c), at_place(story, c), peer, time, peer);
    f.reasons.push_back(fmt::format("the kernel sent what fits into the window each time its probe timer fired, {} in {}; each was answered at once", count_text(fired.size(), "time", "times"), time));
    cite(f, fired);
    cite(f, arrived);
    cite(f, left);
    add_end(f, other);
    if (left) {
        const Segment &sent = *left->as<Segment>(), &got = *arrived->as<Segment>();
        const char* packet = sent.syn() ? "SYN" : "SYN-ACK";
        f.culprit = Culprit::path;
        f.headline = fmt::format("{}{}: data to {} crawled for {}: a device on the path changed the window scale in the {}, so its windows look far smaller here than they are", who(c), at_place(story, c), peer,
                                 time, packet);
        f.reasons.push_back(fmt::format("the {} left {} with {} and came to {} with {}", packet, place(story, other->witness), scale_text(sent.window_scale), place(story, c.witness), scale_text(got.window_scale)));
        prove(f, changed);
    } else {
        f.reasons.push_back("its receive buffer may be that small (SO_RCVBUF, tcp_rmem), or a device on the path changed the window scale in the handshake");
        f.settle = record_on(c.flow.peer.address) + ": it tells whether the window scale that it sent is the one that came here";
    }
    f.fold_key = fmt::format("{}/{}/{}/small", c.witness, c.owner.comm, (c.role == Role::server ? c.flow.local : c.flow.peer).text());
    return f;
}

}  // namespace tcpwitness
