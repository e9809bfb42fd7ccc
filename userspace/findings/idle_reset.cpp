#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "findings/every_rule.h"
#include "findings/facts.h"
#include "findings/packets_alone.h"
#include "findings/reset_in_packets.h"
#include "findings/segments.h"
#include "findings/silence.h"

namespace tcpwitness {

namespace {

constexpr const char* id = "idle-reset";

enum { peer_silent, several_alike };
constexpr Proof proofs[] = {
    {"the peer was recorded at that time and sent no RST", silence},
    {"several connections died after the same silence", others({Other::by_chance, Other::other_cause})},
};
constexpr std::size_t enough_alike = 3;

bool sent_reset(const Story& story, const Connection& peer) {
    if (peer.has(sign::rst_out | sign::reset_sent)) return true;
    const auto resets = sightings(story, peer.flow, peer.flow.local, PacketKind::rst);
    return std::any_of(resets.begin(), resets.end(), [&](const Sighting& seen) { return seen.witness == peer.witness && !seen.left.empty(); });
}

struct Case {
    const Connection* connection;
    const Event* trouble;
    Silence silence;
};

/// Its packet is sent again and again, and nothing tells that it got through: until the recording ends, or until the application gave up.
const Event* still_unanswered(const Story& story, const Connection& c) {
    constexpr std::size_t rounds = 3;
    constexpr std::uint64_t slack_ns = 1'000'000'000;
    if (!c.has(sign::established) || !c.has(sign::retransmit) || c.both_closed() || (c.ending != Ending::open && c.ending != Ending::closed)) return nullptr;
    const auto again = last_resends(c);
    if (again.size() < rounds) return nullptr;
    const Event& newest = *again.back().event;
    const Retransmit* sent = newest.as<Retransmit>();
    if (!sent) return nullptr;
    const std::uint64_t end_ns = watched_to(story, c);
    // Had it stayed unanswered for longer, it would have been sent once more.
    return newest.time_ns + std::uint64_t{sent->tcp.rto_us} * 2'000 + slack_ns >= end_ns ? &newest : nullptr;
}

const Event* trouble_by_packets(const Connection& c) {
    if (c.ending == Ending::timed_out) {
        const auto again = last_resends(c);
        return again.empty() ? nullptr : again.back().event;
    }
    const auto resets = resets_in(c);
    return resets.empty() ? nullptr : resets.front();
}

/// The RST shows what only the other end's own socket knows: a window and our new bytes acknowledged, or bytes of its own that were not captured. A device that
/// has forgotten a connection knows neither.
bool knew_connection(const Connection& c, const Event& reset) {
    const Segment* rst = reset.as<Segment>();
    if (!rst || !rst->rst()) return false;
    constexpr std::uint32_t little = 64 * 1024;
    std::optional<std::uint32_t> sent, came;
    for (const Event& event : c.events) {
        if (event.time_ns >= reset.time_ns) break;
        const Segment* segment = event.as<Segment>();
        if (!segment || segment->rst()) continue;
        auto& end = segment->outgoing ? sent : came;
        if (!end || seq_after(end_of(*segment), *end)) end = end_of(*segment);
        if (segment->flags & tcp_flag::ack && segment->outgoing && came && seq_after(segment->ack, *came)) came = segment->ack;
    }
    const bool has_ack = rst->flags & tcp_flag::ack;
    if (has_ack && rst->window && sent && rst->ack == *sent) return true;
    return came && seq_after(rst->seq, *came) && rst->seq - *came <= little;
}

/// Its own FIN had come: what reaches it after FIN_WAIT_2, a minute, meets no socket any more.
bool had_closed(const Connection& c) {
    const auto reset = reset_after_fin(c);
    return reset && reset->by_closer;
}

std::vector<Case> cases(const Story& story) {
    std::vector<Case> found;
    for (const Connection& c : story.with(sign::reset_received | sign::retransmit | trait::failed | trait::captured)) {
        const Event* trouble = nullptr;
        if (c.ending == Ending::reset_received || c.ending == Ending::timed_out)
            trouble = by_packets(c) ? trouble_by_packets(c) : c.ending == Ending::reset_received ? first<ResetReceived>(c) : last<SocketError>(c);
        else if (!by_packets(c))
            trouble = still_unanswered(story, c);
        if (!trouble || (by_packets(c) && (knew_connection(c, *trouble) || had_closed(c)))) continue;
        if (const auto silence = silence_before(c, *trouble)) found.push_back({&c, trouble, *silence});
    }
    return found;
}

/// How many others to the same peer died after about the same time.
std::size_t alike(const std::vector<Case>& all, const Case& one) {
    return static_cast<std::size_t>(std::count_if(all.begin(), all.end(), [&](const Case& other) {
        const std::uint64_t a = one.silence.idle_ns, b = other.silence.idle_ns;
        return other.connection->flow.peer.address == one.connection->flow.peer.address && (a > b ? a - b : b - a) * 10 <= a;
    }));
}

std::vector<Finding> find(const Story& story) {
    std::vector<Finding> found;
    const std::vector<Case> all = cases(story);
    for (const Case& one : all) {
        const Connection& c = *one.connection;
        const Connection* other = story.other_end(c);
        const bool reset = c.ending == Ending::reset_received;
        if (other && reset && packets_seen(story, other->witness) && sent_reset(story, *other)) continue;  // the peer itself: reset-sent

        Finding f = about(id, Culprit::path, Certainty::likely, c, one.trouble->time_ns);
        f.first_ns = one.silence.broken_ns;
        const std::string idle = duration_text(one.silence.idle_ns);
        f.headline = fmt::format("{}{}: the connection with {} was {} after {} of silence: the first packet after it was {}", who(c), at_place(story, c),
                                 c.flow.peer.text(), reset ? "reset" : "dead", idle, reset ? "answered by RST" : "never answered");
        f.reasons.push_back(fmt::format("nothing went either way for {}{}", idle,
                                        one.silence.usual_ns ? fmt::format(", where {} was usual", duration_text(one.silence.usual_ns)) : ""));
        f.reasons.push_back(reset ? fmt::format("the RST came {} after our packet", since(one.silence.broken_ns, one.trouble->time_ns))
                                  : by_packets(c) ? "our packet was sent again and again, in vain" : "our packet was sent again and again until ETIMEDOUT");
        cite(f, resets_in(c));
        cite(f, one.trouble);
        cite(f, last<SocketError>(c));
        f.settle = record_on(c.flow.peer.address) + ": if it sent no RST, a device between has forgotten the connection";
        if (other) {
            add_end(f, other);
            if (reset && watched(story, other->witness, f)) {
                prove(f, proofs[peer_silent]);
                lean_on(f, other->witness);
                f.reasons.push_back(fmt::format("{} was recorded at that time and sent no RST{}", place(story, other->witness),
                                                other->live() ? "; its end is still open" : ""));
                tell_origin(f, story, c.flow, c.flow.peer, PacketKind::rst);
            }
        } else if (const std::size_t count = alike(all, one); count >= enough_alike) {
            prove(f, proofs[several_alike], others({Other::by_chance, Other::other_cause}));
            f.reasons.push_back(fmt::format("{} connections to {} died after the same silence", count, c.flow.peer.address.text()));
        }
        f.fold_key = fmt::format("{}/{}/{}/{}", c.witness, c.owner.comm, (c.role == Role::server ? c.flow.local : c.flow.peer).text(), reset);
        found.push_back(std::move(f));
    }
    return found;
}

}  // namespace

const Rule idle_reset = {
    id, "a connection was reset or went dead after long idle",
    "A device on the path that keeps a table of connections (firewall, NAT, load balancer) dropped this one from it while it was silent. The first packet afterwards "
    "is answered with RST or falls into nothing, while both hosts believed the connection open.",
    "No traffic for at least 10 s and for at least 20 times the connection's usual pause, then a packet of ours, and the RST that answers it or retransmits, three at least, until "
    "ETIMEDOUT, until the application gives up, or until the recording ends. When the peer's trace is there too and holds no such RST, or when several connections died after the same silence, it is proven.",
    "Not a server that closes idle connections itself: that reset comes without a packet of ours, or the peer's trace shows its process do it (reset-sent). A peer that "
    "was restarted meanwhile looks the same from one side.",
    "Send keepalives more often than the device forgets: SO_KEEPALIVE with TCP_KEEPIDLE (or net.ipv4.tcp_keepalive_time) below the idle time named here, or a heartbeat of the "
    "application. Raise the device's session timeout. Let pools drop connections that were idle for longer.",
    find,
    proofs,
};

}  // namespace tcpwitness
