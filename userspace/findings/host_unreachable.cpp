#include <algorithm>
#include <cerrno>

#include <fmt/format.h>

#include "base/text.h"
#include "findings/every_rule.h"
#include "findings/facts.h"
#include "findings/packets_alone.h"

namespace tcpwitness {

namespace {

constexpr const char* id = "host-unreachable";

constexpr Proof proofs[] = {{"the ICMP error, or the neighbour that failed to answer, was recorded with the connection's own failure", 0}};

bool unreachable_error(std::int32_t error) {
    return error == EHOSTUNREACH || error == ENETUNREACH || error == EACCES || error == EPROTO || error == ENOPROTOOPT || error == EHOSTDOWN;
}

/// An ICMP error that came while connect() held the socket is only noted there: the kernel goes on with its SYNs, and SO_ERROR alone tells it.
bool noted_only(const Connection& c) {
    if (c.error || c.role != Role::client || c.has(sign::established | sign::rst_in | sign::reset_received)) return false;
    const Event* icmp = icmp_refusal(c);
    return icmp && !refuses(*icmp->as<Icmp>());
}

/// A neighbour that did not answer while the connection waited: the peer itself, else the one that its packets waited for.
const Event* silent_neighbour(const Story& story, const Connection& c) {
    constexpr std::uint64_t slack_ns = 100'000'000;
    const Event* next_hop = nullptr;
    const Event* dropped = nullptr;
    for (const Event& event : c.events)
        if (const Drop* drop = event.as<Drop>(); drop && drop->reason == "NEIGH_FAILED") dropped = &event;
    for (const Event& event : story.neighbours) {
        const Neighbour* neighbour = event.as<Neighbour>();
        if (neighbour->what != Neighbour::What::failed || event.witness != c.witness || event.time_ns + slack_ns < c.begin_ns || event.time_ns > c.end_ns + slack_ns)
            continue;
        if (event.flow.peer.address == c.flow.peer.address) return &event;
        const bool same_device = dropped && dropped->as<Drop>()->device == neighbour->device;
        if (same_device && event.flow.peer.address.family == c.flow.peer.address.family) next_hop = &event;
    }
    return next_hop;
}

/// SYN-ACKs of it that the kernel threw away while it asked for a link-layer address.
std::size_t count_drops(const Connection& c) {
    return std::count_if(c.events.begin(), c.events.end(), [](const Event& event) {
        const Drop* drop = event.as<Drop>();
        return drop && drop->outgoing && drop->reason == "NEIGH_FAILED";
    });
}

void blame_neighbour(Finding& f, const Connection& c, const Event& event) {
    const Neighbour& neighbour = *event.as<Neighbour>();
    const bool v6 = c.flow.peer.address.family == Address::Family::ipv6;
    const char* asked = v6 ? "neighbour discovery" : "ARP";
    const bool itself = event.flow.peer.address == c.flow.peer.address;
    f.headline += itself ? fmt::format(": it does not answer {} on {}", asked, printable(neighbour.device))
                         : fmt::format(": the next hop {} does not answer {} on {}", event.flow.peer.address.text(), asked, printable(neighbour.device));
    f.reasons.push_back(fmt::format("the kernel asked for the link-layer address of {} and nobody answered", event.flow.peer.address.text()));
    if (itself) f.reasons.push_back("the peer is on this link: it is down, elsewhere (VLAN, cable), or the address is wrong");
    cite(f, &event);
}

void blame_sender(Finding& f, const Connection& c, const Event& event) {
    const Icmp& icmp = *event.as<Icmp>();
    const bool itself = icmp.sender == c.flow.peer.address;
    // A host does not call itself unreachable: whoever has that address passes connections on to another, which does not answer.
    const bool translated = itself && (icmp.v6 ? icmp.code == 3 || icmp.code == 0 : icmp.code <= 1);
    if (itself && !translated) f.culprit = Culprit::peer_host;
    if (translated) {
        f.certainty = Certainty::likely;
        f.reasons.push_back(fmt::format("a host does not call itself unreachable: {} is an address that a device translates to another, which cannot be reached", icmp.sender.text()));
        f.settle = record_on(c.flow.peer.address) + ": it tells where the connection was to be passed on";
    }
    f.headline += fmt::format(": {} answered ICMP{} {}", itself ? "the peer itself" : icmp.sender.text(), icmp.v6 ? "v6" : "", name(icmp));
    if (!itself) f.reasons.push_back(fmt::format("{} is a router or firewall on the way; the peer did not send it", icmp.sender.text()));
    cite(f, &event);
}

/// Routers that a packet has passed, by what is left of the usual first values; 0: none, or not told.
unsigned hops(std::uint8_t ttl) {
    for (const unsigned sent : {64u, 128u, 255u})
        if (ttl && ttl <= sent) return sent - ttl;
    return 0;
}

/// A SYN came in, and the answers wait for the link-layer address of a neighbour who is silent: the handshake never completes, and no SYN-ACK leaves.
std::optional<Finding> answers_stuck(const Story& story, const Connection& c) {
    if (!c.embryonic || c.has(sign::syn_ack_out) || !c.has(sign::syn_ack_retransmit | sign::dropped) || !packets_seen(story, c.witness)) return std::nullopt;
    const Event* neighbour = silent_neighbour(story, c);
    if (!neighbour) return std::nullopt;
    const auto syns = packets(c, [](const Segment& segment) { return segment.syn() && !segment.outgoing; });
    const bool itself = neighbour->flow.peer.address == c.flow.peer.address;
    const unsigned routers = syns.empty() ? 0 : hops(syns.front()->as<Segment>()->ttl);
    const Connection* client = story.other_end(c);
    Finding f = about(id, Culprit::path, Certainty::likely, c, neighbour->time_ns);
    f.first_ns = syns.empty() ? c.begin_ns : syns.front()->time_ns;
    f.cause_ns = std::min(f.first_ns, client ? client->begin_ns : f.first_ns);  // the neighbour was silent before the SYN that it concerns
    f.headline = fmt::format("{}{} answers {} and its SYN-ACKs never leave", c.flow.local.text(), story.witnesses.size() < 2 ? "" : " on " + place(story, c.witness), c.flow.peer.text());
    prove(f, proofs[0]);
    if (itself && routers) {
        f.culprit = Culprit::local_configuration;
        f.certainty = Certainty::likely;
        f.headline += fmt::format(": it looks for {} on its own link ({}), where nobody has it", c.flow.peer.address.text(), printable(neighbour->as<Neighbour>()->device));
        f.reasons.push_back(fmt::format("the SYN came with TTL {}: over {}, so {} is not on this link; a netmask or a route that says so is wrong", syns.front()->as<Segment>()->ttl,
                                        count_text(routers, "router", "routers"), c.flow.peer.address.text()));
        f.settle = fmt::format("ip route get {} on that host: it should name a gateway", c.flow.peer.address.text());
        cite(f, neighbour);
    } else {
        blame_neighbour(f, c, *neighbour);
    }
    if (const auto drops = count_drops(c)) f.reasons.push_back(fmt::format("the kernel threw away {} that waited for it", count_text(drops, "SYN-ACK", "SYN-ACKs")));
    cite(f, syns);
    add_end(f, client);
    f.fold_key = fmt::format("{}/{}/{}", c.witness, c.flow.local.text(), neighbour->flow.peer.address.text());
    return f;
}

std::vector<Finding> find(const Story& story) {
    std::vector<Finding> found;
    for (const Connection& c : story.with(sign::syn_ack_retransmit | sign::dropped))
        if (auto stuck = answers_stuck(story, c)) found.push_back(std::move(*stuck));
    for (const Connection& c : story.with(trait::failed | sign::icmp_error)) {
        if (c.is_listener() || c.embryonic || !(unreachable_error(c.error) || noted_only(c)) || !c.has(sign::syn_sent | sign::syn_out | sign::established)) continue;
        if (c.has(sign::established) && !first<SocketError>(c)) continue;  // an error of the handshake, which only SO_ERROR told: it got over it
        const Event* icmp = icmp_refusal(c);
        const Event* neighbour = silent_neighbour(story, c);
        const bool own = icmp && icmp->as<Icmp>()->sender == c.flow.local.address;  // this host tells itself that a neighbour is silent
        const Event* error = last<SocketError>(c);
        const Event* result = failed_connect(c);
        const Event* end = result ? result : error ? error : &c.events.back();
        Finding f = about(id, Culprit::path, Certainty::likely, c, end->time_ns);
        const auto syns = syns_sent(c);
        if (!syns.empty() && !c.has(sign::established)) f.first_ns = syns.front()->time_ns;
        const bool guessed = by_packets(c) && !c.has(sign::established);  // a capture knows no errno: its host may have gone on trying
        if (guessed)
            f.headline = fmt::format("{}{}: no connection to {}, {} over {}", who(c), at_place(story, c), c.flow.peer.text(), count_text(syns.size(), "SYN", "SYNs"), since(f.first_ns, c.end_ns));
        else if (!c.error)
            f.headline = fmt::format("{}{}: connect() to {} {} after {}", who(c), at_place(story, c), c.flow.peer.text(), c.live() ? "is not answered" : "was given up",
                                     since(f.first_ns, c.live() ? story.recording_of(c.witness).end_ns : c.end_ns));
        else f.headline = c.has(sign::established) ? fmt::format("{}{}: the connection with {} was given up with {}", who(c), at_place(story, c), c.flow.peer.text(), errno_name(c.error))
                                              : fmt::format("{}{}: connect() to {} failed with {} after {}", who(c), at_place(story, c), c.flow.peer.text(),
                                                            errno_name(c.error), since(f.first_ns, end->time_ns));
        if (neighbour && (!icmp || own)) {
            prove(f, proofs[0]);
            blame_neighbour(f, c, *neighbour);
        } else if (icmp && !own) {
            if (!guessed) prove(f, proofs[0]);
            blame_sender(f, c, *icmp);
        } else {
            f.headline += ": an ICMP error that was not recorded, or a neighbour that is silent";
            f.settle = "look at `ip neighbour` for the next hop, and record again: the ICMP error names its sender";
        }
        if (guessed && icmp && !syns.empty() && syns.back()->time_ns > icmp->time_ns) f.reasons.push_back("the SYN was sent again after the ICMP error: its host went on trying");
        if (!c.error && !guessed) f.reasons.push_back("the error came while connect() held the socket: the kernel noted it and sent the SYN again; getsockopt(SO_ERROR) tells it");
        cite(f, syns);
        cite(f, icmp);
        cite(f, error);
        cite(f, result);
        f.fold_key = fmt::format("{}/{}/{}/{}", c.witness, c.owner.comm, c.flow.peer.text(), icmp && !own ? icmp->as<Icmp>()->sender.text() : "");
        found.push_back(std::move(f));
    }
    return found;
}

}  // namespace

const Rule host_unreachable = {
    id, "the peer cannot be reached: a router says so, or nobody answers on the link",
    "The network told that packets cannot be delivered. A router or firewall sent an ICMP error, or the next hop's link-layer address was asked for and nobody answered.",
    "connect() or an open connection ended with EHOSTUNREACH or a like error, or the application left a connect() that an ICMP error had answered, and there is an ICMP error about it, whose sender the finding names, or a neighbour that failed to answer ARP or "
    "neighbour discovery at that time. A server whose SYN-ACKs wait for a silent neighbour is told too; where the SYN had come over a router and the server looks for the client on its own link, its netmask or route is wrong.",
    "Not no-route, where this host itself has no route and sends nothing. Not a timeout: somebody said no, or the link did. Not a refusal by RST.",
    "For a silent neighbour: is the host up, the cable and VLAN right, the address right? ip neighbour and a capture of ARP on the device tell. For an ICMP error: ask whoever runs its sender; 'prohibited' is a "
    "firewall, 'host unreachable' a last router that gets no ARP answer itself, 'net unreachable' a missing route there.",
    find,
    proofs,
};

}  // namespace tcpwitness
