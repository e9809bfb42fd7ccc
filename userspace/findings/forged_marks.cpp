#include "findings/forged_marks.h"

#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "findings/packets_alone.h"
#include "findings/ttl.h"
#include "model/describe.h"

namespace tcpwitness {

namespace {

/// Below this a round trip is mostly the hosts' own time, and proves nothing.
constexpr std::uint32_t least_round_trip_us = 1'000;
/// Packets that were under way together may change places; what comes later than this was sent later.
constexpr std::uint64_t under_way_ns = 100'000'000;

/// A route may change in a longer pause.
constexpr std::uint64_t same_route_ns = 30'000'000'000;

constexpr std::uint64_t proxy_asks_ns = 5'000'000'000;  ///< a SYN proxy asks the server at once, and again some times

/// What the peer sent after "its" RST, and would not have sent had the RST been its own.
void add_what_came_after(Marks& found, const Connection& c, const Event& reset) {
    const Segment *syn = nullptr, *last = nullptr;  // of the peer, before the RST; ours, which it answers
    bool again = false, answered = false, went_on = false;
    const Segment& rst = *reset.as<Segment>();
    const bool refusal = rst.seq == 0 && rst.flags & tcp_flag::ack;  // a host that refuses a SYN never answers it: no packets that change places explain both
    for (const Event& event : c.events) {
        const Segment* segment = event.as<Segment>();
        if (!segment || segment->rst()) continue;
        if (segment->outgoing && segment->syn() && event.time_ns > reset.time_ns) last = nullptr;  // a client may try again after a refusal
        if (event.time_ns <= reset.time_ns) {
            if (!segment->outgoing && segment->syn()) syn = segment;
            if (segment->outgoing && segment->syn()) last = segment;
            continue;
        }
        const bool both = refusal && segment->syn_ack() && last && segment->ack == last->seq + 1 && rst.ack == segment->ack;
        if (segment->outgoing || (event.time_ns < reset.time_ns + under_way_ns && !both)) continue;
        const std::string later = duration_text(event.time_ns - reset.time_ns);
        if (segment->syn() && syn && segment->seq == syn->seq && !std::exchange(again, true)) {
            found.strong = true;
            found.marks.push_back(fmt::format("the same SYN (seq {}) came again {} after \"its own\" RST: a client that had reset would not send it again", syn->seq, later));
        }
        if (segment->syn_ack() && last && segment->ack == last->seq + 1 && !std::exchange(answered, true)) {
            found.strong = true;
            found.marks.push_back(fmt::format("a SYN-ACK for the same SYN came {} after it had been \"refused\"", later));
        }
        if (!segment->syn() && !segment->syn_ack() && !segment->fin() && segment->payload && c.established_ns && *c.established_ns < reset.time_ns && !std::exchange(went_on, true)) {
            found.strong = true;
            found.marks.push_back(fmt::format("the peer went on sending data {} after \"its\" RST", later));
        }
    }
}

/// The kernel alone answers a handshake, so it measures the path; smoothed times of later exchanges hold delayed ACKs too.
std::uint32_t handshake_us(const Connection& c) {
    if (!c.established_ns || !c.has(sign::syn_out | sign::syn_ack_out)) return 0;
    if (by_packets(c)) {
        if (on_the_way(c)) return 0;
        const std::uint32_t whole = c.wire->handshake_rtt_us, to_server = c.wire->syn_ack_us;
        return !to_server ? 0 : c.role == Role::client ? to_server : whole > to_server ? whole - to_server : 0;
    }
    std::uint64_t asked = 0, answered = 0;
    for (const Event& event : c.events) {
        const Segment* segment = event.as<Segment>();
        if (segment && segment->outgoing && (segment->syn() || segment->syn_ack())) asked = event.time_ns;
        if (segment && !segment->outgoing && segment->syn_ack() && !answered) answered = event.time_ns;
    }
    if (c.role == Role::server) answered = *c.established_ns;
    return asked && answered > asked ? static_cast<std::uint32_t>((answered - asked) / 1000) : 0;
}

}  // namespace

const RoundTrips::Peer& RoundTrips::peer(WitnessId witness, const Address& address) const {
    const auto [at, fresh] = peers_.try_emplace({witness, address});
    Peer& known = at->second;
    if (!fresh) return known;
    for (const Connection* c : story_.with_peer(witness, address)) {
        for (const Event& event : c->events)
            if (const Segment* segment = event.as<Segment>(); segment && !segment->outgoing && !segment->rst() && segment->ttl) known.ttls.set(segment->ttl);
        if (const std::uint32_t us = handshake_us(*c); us && (known.shortest_us == 0 || us < known.shortest_us)) known.shortest_us = us;
    }
    return known;
}

std::uint32_t RoundTrips::shortest_us(WitnessId witness, const Address& address) const { return peer(witness, address).shortest_us; }

bool RoundTrips::has_shown(WitnessId witness, const Address& address, std::uint8_t ttl) const { return peer(witness, address).ttls.test(ttl); }

Marks forged_marks(const Connection& c, const Event& reset, const RoundTrips& round_trips) {
    const Segment& rst = *reset.as<Segment>();
    const Segment* honest = nullptr;   // the peer's last packet before it
    std::uint64_t honest_ns = 0;
    const char* kind = "packet";
    std::uint64_t our_handshake_ns = 0;
    for (const Event& event : c.events) {
        if (event.time_ns > reset.time_ns) break;
        const Segment* segment = event.as<Segment>();
        if (!segment || segment->rst()) continue;
        if (!segment->outgoing) {
            honest = segment;
            honest_ns = event.time_ns;
            kind = segment->syn() ? "SYN" : segment->syn_ack() ? "SYN-ACK" : segment->fin() ? "FIN" : "packet";
        } else if (segment->syn() || segment->syn_ack()) {
            our_handshake_ns = event.time_ns;
        }
    }
    Marks found;
    const std::uint32_t round_trip = round_trips.shortest_us(c.witness, c.flow.peer.address);
    if (our_handshake_ns && !c.established_ns && round_trip >= least_round_trip_us) {
        const std::uint64_t took = reset.time_ns - our_handshake_ns;
        if (took * 4 < std::uint64_t{round_trip} * 1000) {
            found.strong = true;
            found.marks.push_back(fmt::format("the RST came {} after our segment, but a round trip to {} takes {} at least", duration_text(took),
                                              c.flow.peer.address.text(), duration_text(std::uint64_t{round_trip} * 1000)));
        }
    }
    add_what_came_after(found, c, reset);
    if (!honest) return found;
    if (honest->ttl && rst.ttl && honest->ttl != rst.ttl && !round_trips.has_shown(c.witness, c.flow.peer.address, rst.ttl)) {
        const bool elsewhere = far_apart(honest->ttl, rst.ttl) && reset.time_ns < honest_ns + same_route_ns;  // routes and the machines behind one address change in time
        // Who forges stands between. From farther away than the SYN-ACK comes the RST of a server behind a SYN proxy.
        const bool soon = c.established_ns && reset.time_ns < *c.established_ns + proxy_asks_ns;
        const bool from_behind = honest->syn_ack() && soon && starts_from(rst.ttl) == starts_from(honest->ttl) && rst.ttl < honest->ttl;
        found.strong = found.strong || (elsewhere && !from_behind);
        found.marks.push_back(fmt::format("the RST came with TTL {}, the {} of that address with TTL {}", rst.ttl, kind, honest->ttl));
        if (from_behind) found.marks.push_back("the RST came from farther away than the SYN-ACK: a SYN proxy may have answered in that name, and the server behind it refused");
    }
    if (honest->has_mac && rst.has_mac && honest->source_mac != rst.source_mac && honest->interface == rst.interface) {
        found.strong = true;
        found.marks.push_back(fmt::format("the RST came from MAC {}, the {} from {}", mac_text(rst.source_mac), kind, mac_text(honest->source_mac)));
    }
    // Linux itself answers with IP id 0 and without timestamps when no full socket is left: these support, they do not prove.
    if (rst.ip_id == 0 && honest->ip_id != 0)
        found.marks.push_back(fmt::format("the RST has IP id 0, the {} has {}", kind, honest->ip_id));
    if (honest->has_timestamps && !rst.has_timestamps)
        found.marks.push_back(fmt::format("the RST lacks the timestamps that the {} has", kind));
    if (honest->dont_fragment != rst.dont_fragment)
        found.marks.push_back(fmt::format("the RST {} the don't-fragment bit, the {} {}", rst.dont_fragment ? "has" : "lacks", kind,
                                          rst.dont_fragment ? "does not" : "has it"));
    return found;
}

}  // namespace tcpwitness
