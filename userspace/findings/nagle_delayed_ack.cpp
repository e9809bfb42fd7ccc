#include <netinet/in.h>
#include <netinet/tcp.h>

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "findings/every_rule.h"
#include "findings/facts.h"
#include "findings/segments.h"

namespace tcpwitness {

namespace {

constexpr const char* id = "nagle-delayed-ack";
constexpr std::size_t enough = 3;
constexpr std::uint64_t ms = 1'000'000;
constexpr std::uint64_t least_late_ns = 35 * ms, most_late_ns = 250 * ms;  // delayed ACKs come 40 to 200 ms late, and timers have a grain
constexpr std::uint64_t released_within_ns = 1 * ms;
constexpr std::uint32_t least_mss = 536;
constexpr std::uint32_t most_options = 12; ///< bytes of a full segment that timestamps take
constexpr std::size_t least_share = 4;     ///< turn after turn: one at least of so many small segments waited
constexpr std::uint32_t a_key = 3;         ///< bytes: what a key sends, an arrow's three at most

/// A small segment in flight, its ACK that came late, and the small segment that left right after it.
struct Turn {
    const Event *in_flight, *ack, *released;
    std::uint64_t late_ns;
};

/// Turns of the data that this end sends (`outgoing`) or receives; none where its small segments mostly went as they came. Keys that somebody types faster
/// than they are echoed wait as well, and nobody misses anything.
std::vector<Turn> turns(const Connection& c, bool outgoing) {
    const std::uint32_t mss = announced_mss(c).value_or(least_mss);
    const std::uint64_t rtt = handshake_rtt(c).value_or(0);
    std::vector<Turn> found;
    std::size_t small_ones = 0;
    const Event *in_flight = nullptr, *ack = nullptr;
    for (const Event* event : segments_of(c)) {
        const Segment& segment = *event->as<Segment>();
        if (segment.outgoing != outgoing) {
            const bool bare = segment.payload == 0 && segment.is(tcp_flag::ack);
            if (!bare)
                in_flight = nullptr;  // the ACK came with an answer: the application waited, not the kernel
            else if (in_flight && !ack && segment.ack == end_of(*in_flight->as<Segment>()))
                ack = event;
            continue;
        }
        if (segment.payload == 0) continue;
        const bool small = segment.payload + most_options < mss && !segment.fin();
        small_ones += small;
        const bool typed = in_flight && in_flight->as<Segment>()->payload <= a_key && segment.payload <= a_key;
        if (in_flight && ack && small && !typed && segment.seq == end_of(*in_flight->as<Segment>())) {
            // The receiver sees the ACK leave, so the released segment comes a round trip later; the sender sees the round trip before.
            const std::uint64_t taken = ack->time_ns - in_flight->time_ns;
            const std::uint64_t late = outgoing ? taken - std::min(taken, rtt) : taken;
            const std::uint64_t after = event->time_ns - ack->time_ns;
            if (late >= least_late_ns && late <= most_late_ns && after <= released_within_ns + (outgoing ? 0 : rtt))
                found.push_back({in_flight, ack, event, late});
        }
        in_flight = small ? event : nullptr;
        ack = nullptr;
    }
    if (found.size() * least_share < small_ones) found.clear();
    return found;
}

/// What was recorded of TCP_NODELAY on the socket: an accepted one begins with its listener's.
std::optional<bool> nodelay(const Story& story, const Connection& c) {
    std::optional<bool> set;
    for (const Connection* one : {story.connection(c.listener), &c})
        for (const Event& event : one ? one->events : std::vector<Event>{})
            if (const auto* option = event.as<SocketOption>(); option && option->is(IPPROTO_TCP, TCP_NODELAY) && option->ret == 0) set = option->value != 0;
    return set;
}

std::string nodelay_text(const Story& story, const Connection& sender, std::optional<bool> set) {
    if (set) return "it had switched TCP_NODELAY off";
    const bool told = story.any_recording(sender.witness, [](const Recording& recording) { return recording.probe_attached("option"); });
    return told && !sender.preexisting ? "it did not set TCP_NODELAY" : "whether it had set TCP_NODELAY was not recorded";
}

Finding tell(const Story& story, const Connection& c, const std::vector<Turn>& slow, bool sends) {
    std::uint64_t lost = 0;
    for (const Turn& turn : slow) lost += turn.late_ns;
    const std::uint64_t each = lost / slow.size();
    Finding f = about(id, sends ? Culprit::local_application : Culprit::peer_application, Certainty::likely, c, slow.back().released->time_ns);
    f.harm = Harm::delay;
    f.first_ns = slow.front().in_flight->time_ns;
    const std::string writer = sends ? fmt::format("{}{}", who(c), at_place(story, c)) : c.flow.peer.text();
    const std::string reader = sends ? c.flow.peer.text() : fmt::format("{}{}", who(c), at_place(story, c));
    f.headline = fmt::format("{} writes to {} in small pieces, and the next piece waited for a delayed ACK {}: {} lost, {} each time", writer, reader,
                             count_text(slow.size(), "time", "times"), duration_text(lost), duration_text(each));
    const Turn& first = slow.front();
    f.reasons.push_back(fmt::format("for example: {} were in flight, their ACK came {} late, and the next {} left {} after it",
                                    count_text(first.in_flight->as<Segment>()->payload, "byte", "bytes"), duration_text(first.late_ns),
                                    count_text(first.released->as<Segment>()->payload, "byte", "bytes"), since(first.ack->time_ns, first.released->time_ns)));
    if (sends) f.reasons.push_back("of the sender's socket: " + nodelay_text(story, c, nodelay(story, c)));
    for (const Turn& turn : slow)
        for (const Event* event : {turn.in_flight, turn.ack, turn.released}) cite(f, event);
    add_end(f, story.other_end(c));
    f.settle = fmt::format("set TCP_NODELAY in {} (or write each message with one call): the pauses then go away", sends ? who(c) : "the sender");
    f.fold_key = fmt::format("{}/{}/{}", c.witness, c.owner.comm, (c.role == Role::server ? c.flow.local : c.flow.peer).text());
    return f;
}

std::vector<Finding> find(const Story& story) {
    std::vector<Finding> found;
    for (const Connection* one : with_segments(story)) {
        const Connection& c = *one;
        if (const auto slow = turns(c, true); slow.size() >= enough && nodelay(story, c) != true) found.push_back(tell(story, c, slow, true));
        if (story.other_end(c)) continue;  // tells it itself
        if (const auto slow = turns(c, false); slow.size() >= enough) found.push_back(tell(story, c, slow, false));
    }
    return found;
}

}  // namespace

const Rule nagle_delayed_ack = {
    id, "small writes wait for a delayed ACK, turn after turn",
    "An application writes a message in several small pieces. The kernel holds the second piece back while the first is unacknowledged (Nagle's algorithm), and the receiver, which waits for the rest of "
    "the message, delays its ACK by 40 ms or more. Each side waits for the other, at every message.",
    "Only with `--segments`. A segment smaller than the MSS is in flight; its ACK comes alone, 35 to 250 ms later than the round trip needs; and the next small segment leaves within 1 ms of it. Three such turns "
    "on one connection at least, and a quarter of the sender's small segments. The finding tells the time lost in each turn and in all, and what was recorded of TCP_NODELAY.",
    "Not an application that thinks for 40 ms: its next write has no reason to follow an ACK at once. Not an answer that takes long: then the ACK comes with the answer. Not keys that somebody types (telnet, SSH): single ones of "
    "them may wait, most do not. A connection that is seen to set TCP_NODELAY is never accused.",
    "Write each message with one call (writev, a buffer, MSG_MORE), or set TCP_NODELAY in the sending application. TCP_QUICKACK on the receiver hides it. Record again: the finding should be gone.",
    find,
};

}  // namespace tcpwitness
