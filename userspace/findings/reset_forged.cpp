#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "findings/every_rule.h"
#include "findings/facts.h"
#include "findings/forged_marks.h"
#include "findings/packet_filter_rule.h"
#include "findings/packets_alone.h"
#include "findings/renamed_resets.h"
#include "findings/strays.h"

namespace tcpwitness {

namespace {

constexpr const char* id = "reset-forged";

constexpr Proof proofs[] = {{"the end in whose name the RST came was recorded at that time and sent none", silence}};

/// The peer, its kernel or its packet filter did send a RST on this flow.
bool peer_sent_reset(const Story& story, const Connection& peer) {
    if (peer.has(sign::rst_out | sign::reset_sent | sign::knock)) return true;
    for (const Event& event : peer.events)
        if (event.as<ResetSent>()) return true;
    for (const Sighting& seen : sightings(story, peer.flow, peer.flow.local, PacketKind::rst))
        if (seen.witness == peer.witness && !seen.left.empty()) return true;
    return false;
}

/// Who made it, where a recorded host between shows that: "mid's packet filter (forward hook; table inet t, chain f, handle 4: ...)".
std::string maker_text(const Story& story, const Connection& got, const char* unknown) {
    for (const Sighting& seen : sightings(story, got.flow, got.flow.peer, PacketKind::rst)) {
        if (seen.left.empty() || !seen.entered.empty()) continue;
        const Event* drop = filter_drop(story, got.flow, seen.witness);
        return place(story, seen.witness) + (drop ? "'s " + filter_text(story, *drop, true) : "");
    }
    return unknown;
}

/// What the forged RST did: to the end that got it, or to the handshake of the other.
std::string consequence(const Story& story, const Connection& got, const Connection* other) {
    const std::string device = fmt::format("because {} resets the ", maker_text(story, got, "a device between them"));
    const std::string by = maker_text(story, got, "a device on the path");
    if (other && other->ending == Ending::connect_timeout) {
        const Event* result = failed_connect(*other);
        const Event* end = result ? result : &other->events.back();
        const auto syns = syns_sent(*other);
        const std::uint64_t began = syns.empty() ? other->begin_ns : syns.front()->time_ns;
        return fmt::format("{}'s connect() to {} ({}) timed out after {} {}handshake", place(story, other->witness), other->flow.peer.text(), who(*other),
                           since(began, end->time_ns), device);
    }
    if (got.ending == Ending::refused)
        return fmt::format("connect() of {} to {} was refused by {}", who(got), got.flow.peer.text(), by);
    if (got.embryonic) return fmt::format("the handshake with {} on port {} was reset by {}", got.flow.peer.text(), got.flow.local.port, by);
    return fmt::format("the connection of {} with {} was reset by {}", who(got), got.flow.peer.text(), by);
}

Finding finding_about(const Story& story, const Connection& c, const std::vector<const Event*>& resets, const Connection* other) {
    Finding f = about(id, Culprit::path, Certainty::likely, c, resets.front()->time_ns);
    f.last_ns = resets.back()->time_ns;
    const std::string count = resets.size() == 1 ? "a RST" : count_text(resets.size(), "RST", "RSTs");
    const std::string peer = other ? place(story, other->witness) : c.flow.peer.address.text();
    const bool named = other && other->witness != c.witness;
    f.headline = other ? fmt::format("{} got {} that {} never sent; {}", place(story, c.witness), count, named ? peer : "the peer", consequence(story, c, other))
                       : fmt::format("{} got {} under the name of {} that another machine most likely sent; {}", place(story, c.witness), count, peer,
                                     consequence(story, c, nullptr));
    if (c.embryonic) cite(f, packets(c, [](const Segment& segment) { return segment.syn() || segment.syn_ack(); }));
    cite(f, resets);
    cite(f, first<ResetReceived>(c));
    f.fold_key = fmt::format("{}/{}/{}", c.witness, c.flow.peer.address.text(), c.role == Role::server ? c.flow.local.port : c.flow.peer.port);
    return f;
}

void tell_handshake(Finding& f, const Connection& c, const Event& reset) {
    const Event* answer = nullptr;
    for (const Event& event : c.events)
        if (const Segment* segment = event.as<Segment>(); segment && segment->syn_ack() && segment->outgoing && event.time_ns <= reset.time_ns) answer = &event;
    if (answer) f.reasons.push_back(fmt::format("the RST came {} after our SYN-ACK left", since(answer->time_ns, reset.time_ns)));
}

void ask_peer(Finding& f, const Story& story, const Connection& c, const Connection& other) {
    prove(f, proofs[0]);
    lean_on(f, other.witness);
    add_end(f, &other);
    f.reasons.push_back(fmt::format("{} was recorded at that time and sent no RST on this flow", place(story, other.witness)));
    if (other.witness == c.witness) f.reasons.push_back("both ends are on this host");
    if (c.embryonic && !other.has(sign::syn_ack_in))
        f.reasons.push_back(fmt::format("{} never got the SYN-ACK that {} sent", place(story, other.witness), place(story, c.witness)));
    if (const Event* error = last<SocketError>(other)) {
        f.reasons.push_back(fmt::format("the effect on {}: {} got {}", place(story, other.witness), who(other), errno_name(other.error)));
        cite(f, error);
    }
    cite(f, syns_sent(other));
    cite(f, failed_connect(other));
    tell_loss(f, story, c.flow, c.flow.local, PacketKind::syn_ack);
}

/// This end had reset or closed before: whoever answers, with whatever TTL, needs no forger.
bool answers_our_end(const Connection& c, const Event& reset) {
    return std::any_of(c.events.begin(), c.events.end(), [&](const Event& event) {
        const Segment* segment = event.as<Segment>();
        return segment && segment->outgoing && (segment->rst() || (by_packets(c) && segment->fin())) && event.time_ns < reset.time_ns;
    });
}

std::vector<Finding> find(const Story& story) {
    std::vector<Finding> found;
    std::optional<RoundTrips> round_trips;
    std::optional<Strays> strays;
    std::optional<RenamedResets> renamed;
    for (const Connection& c : story.with(sign::rst_in)) {
        if (!c.has(sign::rst_in) || c.has(sign::knock) || c.both_closed()) continue;
        if (c.ending == Ending::closed && !c.embryonic) continue;  // our own end was over; whoever sent it, nothing was lost
        const auto resets = resets_in(c);
        if (resets.empty()) continue;
        const Connection* other = story.other_end(c);
        if (other && packets_seen(story, other->witness) && peer_sent_reset(story, *other)) continue;
        if (!strays) strays.emplace(story);
        if (strays->reset_by_stranger(c) || new_syn_on(c, resets.front()->time_ns)) continue;  // made by a host that does not know the connection: reset-received
        if (!renamed) renamed.emplace(story);
        if (renamed->sent_as(c, *resets.front())) continue;  // a recorded host did send it, under other ports: reset-received
        if (other && watched(story, other->witness, c.witness, resets.front()->time_ns, resets.back()->time_ns)) {
            Finding f = finding_about(story, c, resets, other);
            if (!round_trips) round_trips.emplace(story);
            tell_handshake(f, c, *resets.front());
            ask_peer(f, story, c, *other);
            for (std::string& mark : forged_marks(c, *resets.front(), *round_trips).marks) f.reasons.push_back(std::move(mark));
            tell_origin(f, story, c.flow, c.flow.peer, PacketKind::rst);
            found.push_back(std::move(f));
            continue;
        }
        if ((other && other->witness == c.witness) || on_this_host(c)) continue;  // a kernel that does not tell why it resets shows one end only
        if (!round_trips) round_trips.emplace(story);
        if (answers_our_end(c, *resets.front())) continue;
        Marks marks = forged_marks(c, *resets.front(), *round_trips);
        if (!marks.strong) continue;
        Finding f = finding_about(story, c, resets, nullptr);
        if (other) add_end(f, other);  // what its recording cannot prove it still explains
        tell_handshake(f, c, *resets.front());
        for (std::string& mark : marks.marks) f.reasons.push_back(std::move(mark));
        tell_origin(f, story, c.flow, c.flow.peer, PacketKind::rst);
        f.settle = record_on(c.flow.peer.address) + ": if it sent no such RST, a device between made it";
        found.push_back(std::move(f));
    }
    return found;
}

}  // namespace

const Rule reset_forged = {
    id, "a RST arrived that the other end never sent",
    "A device between the two hosts, such as a firewall, a load balancer or an inspection box, sent a RST in the name of one of them. Each host blames the "
    "other, and both are innocent.",
    "With both ends recorded: one got a RST, and the other's trace covers that time and holds no RST of that flow. That is proof. With one end: the RST "
    "differs from the peer's other packets on the same connection in TTL or source MAC, or came sooner than a round trip allows; IP id 0 and missing "
    "timestamps support that. Each mark is named.",
    "Not every RST with IP id 0: Linux answers so itself where it has no socket. A change of route in the middle of a long connection can change the TTL too, "
    "which is why one side alone is never proof.",
    "Find the device: the hop count hides in the RST's TTL (64, 128 or 255 minus hops), the source MAC names the neighbour that delivered it. Look there for reject rules, "
    "session tables and inspection. Record on the other end at the same time for proof.",
    find,
    proofs,
};

}  // namespace tcpwitness
