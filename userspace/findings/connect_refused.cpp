#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "base/text.h"
#include "findings/every_rule.h"
#include "findings/facts.h"
#include "findings/forwarded.h"
#include "findings/listeners.h"
#include "findings/packet_filter_rule.h"
#include "findings/packets_alone.h"
#include "findings/ttl.h"

namespace tcpwitness {

namespace {

constexpr const char* id = "connect-refused";

enum { by_peer_kernel, never_arrived, by_peer_filter, by_icmp, by_own_filter };
constexpr Proof proofs[] = {
    {"the peer's kernel was recorded and sent the RST, because nothing listens there", others({Other::reason_guessed, Other::records_lost})},
    {"the peer was recorded and never saw the SYN: something on the path refused", silence | others({Other::other_holder, Other::rewritten})},
    {"the peer's packet filter was seen making the RST", others({Other::other_holder})},
    {"an ICMP error answered the SYN, and names its sender", 0},
    {"this host's own packet filter was seen making the RST", 0},
};

/// The TTL that a peer's SYN-ACKs came with: what a RST from the same machine should have. Of its last connection that tells.
std::optional<std::uint8_t> ttl_of_answers(const Story& story, WitnessId witness, const Address& peer) {
    const auto all = story.with_peer(witness, peer);
    for (auto c = all.rbegin(); c != all.rend(); ++c) {
        if (!(*c)->has(sign::syn_ack_in)) continue;
        for (auto event = (*c)->events.rbegin(); event != (*c)->events.rend(); ++event)
            if (const Segment* segment = event->as<Segment>(); segment && segment->syn_ack() && !segment->outgoing) return segment->ttl;
        if ((*c)->wire && (*c)->wire->server.ttl) return (*c)->wire->server.ttl;
    }
    return std::nullopt;
}

/// What each case asks of others beside it; made at the first.
struct Around {
    const Story& story;
    Homes homes{story};
    ListenersByPort listeners = listeners_by_port(story);
    std::optional<Strangers> strangers = {};
    std::map<std::pair<WitnessId, Address>, std::optional<std::uint8_t>> ttls = {};

    std::optional<std::uint8_t> usual_ttl(WitnessId witness, const Address& peer) {
        const auto [at, fresh] = ttls.try_emplace({witness, peer});
        if (fresh) at->second = ttl_of_answers(story, witness, peer);
        return at->second;
    }
};

/// "; redis-server[7] listens on that port, but only at 127.0.0.1:6379", "... but only on IPv4 (0.0.0.0:6379)".
std::string listens_elsewhere(const ListenersByPort& listeners, WitnessId witness, const Endpoint& asked) {
    const auto at = listeners.find({witness, asked.port});
    if (at == listeners.end()) return {};
    for (const Connection* one : at->second)
        if (one->live() && ipv4_alone(*one, asked.address)) return fmt::format("; {} listens on that port, but only on IPv4 ({})", who(*one), one->flow.local.text());
    for (const Connection* one : at->second)
        if (one->live() && !one->flow.local.address.unspecified() && one->flow.local.address != asked.address)
            return fmt::format("; {} listens on that port, but only at {}", who(*one), one->flow.local.text());
    return {};
}

/// The cause is the headline: no socket is there. True where the kernel's word for it leaves nothing else.
bool nothing_listens(Finding& f, const Around& around, const Connection& c, const Connection& peer) {
    const Story& story = around.story;
    const WitnessId there = peer.witness;
    const bool here = on_this_host(c) || story.same_host(there, c.witness);
    f.culprit = here ? Culprit::local_configuration : Culprit::peer_host;
    const Endpoint &asked = c.flow.peer, &real = peer.flow.local;
    const std::string where = there == c.witness ? at_place(story, c) : " on " + place(story, there);
    const bool other_address = real != asked;
    const std::string subject = other_address ? fmt::format("{} is translated to {}, where", asked.text(), real.text()) : "";
    if (const Connection* listener = passed_over(around.listeners, there, real, peer.begin_ns)) {
        f.headline = fmt::format("{}{} listens on {}{}, and did not take the SYN{}: {}", subject.empty() ? "" : subject + " ", who(*listener), listener->flow.local.text(), where,
                                 listener->flow.local.address.family != real.address.family ? ": it takes IPv6 only, or is bound to another device" : ": it is bound to another device, or came later", f.headline);
        if (!listener->events.empty()) cite(f, &listener->events.front());
        f.settle = "look at it with `ss -ltnpe` there: a device stands behind '%', and v6only:1 means IPv6 only";
        return false;
    }
    f.headline = fmt::format("{}{}: {}{}", other_address ? subject + " nothing listens" : "nothing listens on " + asked.text(), where, f.headline, listens_elsewhere(around.listeners, there, real));
    return true;
}

bool only_firewall_answered(const Story& story, const Connection& c, WitnessId peer) {
    const auto resets = sightings(story, c.flow, c.flow.peer, PacketKind::rst);
    return std::any_of(resets.begin(), resets.end(), [&](const Sighting& seen) { return seen.witness == peer && !seen.left.empty(); });
}

void ask_peer(Finding& f, Around& around, const Connection& c) {
    const Story& story = around.story;
    if (const Connection* peer = story.other_end(c)) {
        add_end(f, peer);
        for (const Event& event : peer->events) cite(f, &event);
        if (peer->has(sign::knock)) {
            const bool sure = nothing_listens(f, around, c, *peer);
            const Event* sent = first<ResetSent>(*peer);
            const std::string reason = sent ? sent->as<ResetSent>()->reason : "";
            if (sure) {
                prove(f, proofs[by_peer_kernel], others({Other::reason_guessed}));  // a knock is a SYN that the kernel found no socket for
                lean_on(f, peer->witness, Evidence::sockets);
            }
            f.reasons.push_back(fmt::format("the kernel of {} sent the RST{}: it found no socket for {}", place(story, peer->witness),
                                            reason.empty() ? "" : " with reason " + reason, peer->flow.local.text()));
        }
        return;
    }
    const auto told = around.homes.of(c.flow.peer.address, c.witness);
    const auto home = told ? told : around.homes.guess(c.flow.peer, c.witness);
    if (!home) {
        const auto maker = tell_origin(f, story, c.flow, c.flow.peer, PacketKind::rst);
        if (!maker) return;
        f.culprit = Culprit::path;
        const Event* drop = filter_drop(story, c.flow, *maker);
        f.headline += fmt::format(": {}{} refused it", place(story, *maker), drop ? "'s " + filter_text(story, *drop, true) : "");
        lean_on(f, *maker);
        f.settle = fmt::format("tell whether {} holds {}: if it does, it is the peer and refuses by its own packet filter", place(story, *maker), c.flow.peer.address.text());
        return;
    }
    if (*home == c.witness) {
        f.culprit = Culprit::local_configuration;  // both ends are here: nobody listens, or this host's own filter refuses
        return;
    }
    if (!watched(story, *home, f)) return;
    const auto syns = sightings_of_syns(story, c);
    const bool arrived = std::any_of(syns.begin(), syns.end(), [&](const Sighting& seen) { return seen.witness == *home && !seen.entered.empty(); });
    if (!arrived) {
        if (!surely_unseen(f, story, c, *home, around.strangers)) return;
        f.culprit = Culprit::path;
        prove(f, proofs[never_arrived], others({Other::rewritten}) | (told ? others({Other::other_holder}) : 0));
        lean_on(f, *home);
        if (!told) f.settle = fmt::format("make sure that {} holds {}: the trace does not tell its addresses", place(story, *home), c.flow.peer.address.text());
        f.reasons.push_back(fmt::format("{} was recorded at that time and never saw the SYN: a device on the path refused in its name", place(story, *home)));
        if (const auto maker = tell_origin(f, story, c.flow, c.flow.peer, PacketKind::rst); maker) {
            const Event* drop = filter_drop(story, c.flow, *maker);
            f.headline += fmt::format(": {}{} refused it", place(story, *maker), drop ? "'s " + filter_text(story, *drop, true) : "");
        }
    } else if (tell_reject(f, story, firewall_reset(story, c.flow, *home))) {
        prove(f, proofs[by_peer_filter], others({Other::other_holder}));
        f.culprit = Culprit::local_firewall;
        const Event* drop = filter_drop(story, c.flow, *home);
        f.headline += fmt::format(": {}'s {} rejected it", place(story, *home), drop ? filter_text(story, *drop, true) : "packet filter");
    } else if (bare_resets_told(story, *home) && only_firewall_answered(story, c, *home)) {
        f.reasons.push_back(fmt::format("{} got the SYN and sent the RST, but its TCP did not: a packet filter on {} rejects it", place(story, *home),
                                        place(story, *home)));
        f.settle = fmt::format("look at the packet filter of {}", place(story, *home));
        f.culprit = Culprit::local_firewall;
    }
}

/// The refusal came as an ICMP error: whoever sent it refused.
void blame_sender(Finding& f, const Connection& c, const Event& event) {
    const Icmp& icmp = *event.as<Icmp>();
    const bool peer = icmp.sender == c.flow.peer.address, own = icmp.sender == c.flow.local.address && !on_this_host(c);
    f.culprit = peer ? Culprit::peer_host : own ? Culprit::local_firewall : Culprit::path;
    prove(f, proofs[by_icmp]);
    f.headline += fmt::format(": {} answered ICMP{} {}", peer ? "the peer" : own ? "this host's own packet filter" : icmp.sender.text(), icmp.v6 ? "v6" : "", name(icmp));
    f.reasons.front() = fmt::format("an ICMP error of {} answered the SYN, no RST", icmp.sender.text());
    cite(f, &event);
}

/// An ICMP refusal that came while connect() held the socket: the kernel notes it, goes on with its SYNs, and only SO_ERROR tells it.
bool noted_only(const Connection& c) {
    if (c.error || c.role != Role::client || c.has(sign::established | sign::rst_in | sign::reset_received)) return false;
    const Event* icmp = icmp_refusal(c);
    return icmp && refuses(*icmp->as<Icmp>());
}

std::vector<Finding> find(const Story& story) {
    std::vector<Finding> found = forwarded_refusals(story, id);
    std::optional<Around> around;
    for (const Connection& c : story.with(trait::unopened | trait::failed)) {
        if ((c.ending != Ending::refused && !noted_only(c)) || c.embryonic) continue;
        if (!around) around.emplace(Around{story});
        const auto syns = syns_sent(c);
        if (by_packets(c) && syns.empty()) continue;  // a RST alone answers no SYN that anybody captured
        const auto resets = resets_in(c);
        const Event* received = first<ResetReceived>(c);
        const Event* error = last<SocketError>(c);
        const Event* answer = !resets.empty() ? resets.front() : received ? received : error ? error : &c.events.back();
        const std::uint64_t began = syns.empty() ? c.begin_ns : syns.front()->time_ns;

        Finding f = about(id, Culprit::peer_host, Certainty::likely, c, answer->time_ns);
        f.cause_ns = began;  // nobody listened before the RST that says so
        f.headline = fmt::format("{}{}: connect() to {} was refused after {}", who(c), at_place(story, c), c.flow.peer.text(),
                                 since(began, answer->time_ns));
        f.reasons.push_back(fmt::format("a RST answered the SYN within {}", since(began, answer->time_ns)));
        if (noted_only(c)) f.reasons.push_back("the error came while connect() held the socket: the kernel noted it and sent the SYN again; getsockopt(SO_ERROR) tells it");
        cite(f, syns);
        cite(f, resets);
        cite(f, received);
        cite(f, error);
        cite(f, failed_connect(c));
        f.settle = on_this_host(c) ? "look at this host's packet filter; kernels from 6.10 on tell themselves why they send a RST"
                                   : record_on(c.flow.peer.address) + ": it tells whether that host or a firewall on the way refused";
        if (!resets.empty()) {
            const std::uint8_t ttl = resets.front()->as<Segment>()->ttl;
            const auto usual = around->usual_ttl(c.witness, c.flow.peer.address);
            if (usual && far_apart(*usual, ttl)) {
                f.culprit = Culprit::path;
                f.reasons.push_back(fmt::format("the RST came with TTL {}, SYN-ACKs of {} come with TTL {}: another machine sent it", ttl,
                                                c.flow.peer.address.text(), *usual));
            }
        }
        const Event* icmp = resets.empty() ? icmp_refusal(c) : nullptr;
        if (on_this_host(c) && !icmp) f.culprit = Culprit::local_configuration;
        if (icmp) {
            blame_sender(f, c, *icmp);
        } else if (tell_reject(f, story, firewall_reset(story, c))) {
            f.culprit = Culprit::local_firewall;
            prove(f, proofs[by_own_filter]);
            if (const Event* drop = filter_drop(story, c.flow, c.witness)) f.headline += ": this host's own " + filter_text(story, *drop, true) + " rejected it";
        } else {
            ask_peer(f, *around, c);
        }
        f.fold_key = fmt::format("{}/{}/{}", c.witness, c.owner.comm, c.flow.peer.text());
        found.push_back(std::move(f));
    }
    return found;
}

}  // namespace

const Rule connect_refused = {
    id, "connect() ended with ECONNREFUSED",
    "The SYN was answered by a RST. Usually the peer's kernel sent it because no process listens on that port; a firewall may send the same RST in the "
    "peer's name.",
    "A RST that answers our SYN, and ECONNREFUSED. When the peer's trace is in the story: its kernel's reset with reason NO_SOCKET proves that nobody "
    "listens there; a peer that never saw the SYN proves that something on the path refused. Where the kernel lets tcpwitness look on, a packet filter's own reset proves that it rejected. From one side, a RST whose TTL differs from that of the "
    "peer's other packets points at a firewall. Where only a host on the way was recorded: a RST that came back through it for a SYN that it had passed on.",
    "Not a timeout: somebody answered. Not the peer's fault where both ends are on this host: then nothing listens here, and it is this host's configuration. An ICMP error may refuse as well: then the finding names its sender, and the path is the culprit unless that is the peer itself. When the listener was seen going away, the finding is listener-gone and this is an effect of it.",
    "Check that the service runs on the peer, on that port and address (ss -ltn), and not only on 127.0.0.1. If it does, look for a reject rule on the "
    "peer and on the way, and record on the peer at the same time.",
    find,
    proofs,
};

}  // namespace tcpwitness
