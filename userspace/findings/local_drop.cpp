#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/text.h"
#include "findings/at_the_door.h"
#include "findings/benign.h"
#include "findings/connect_given_up.h"
#include "findings/drop_cause.h"
#include "findings/every_rule.h"
#include "findings/facts.h"
#include "findings/half_seen.h"
#include "findings/packets_alone.h"
#include "findings/syn_queue.h"
#include "model/sequence.h"

namespace tcpwitness {

namespace {

constexpr const char* id = "local-drop";

constexpr Proof proofs[] = {{"the kernel told that it dropped the connection's packets, and why", others({Other::other_cause})}};
constexpr std::size_t stuck_after = 3;  ///< the same segment thrown away so often is no passing trouble
constexpr std::uint64_t slow_ns = 1'500'000'000;  ///< a handshake: one lost SYN costs a second, and is ordinary
constexpr std::uint64_t near_ns = 1'000'000'000;  ///< of a connection's life: a drop of its packets lies no further off

/// The host answered what it dropped with a RST: then that is what ended the connection, and the rules about resets tell it.
bool answered_by_reset(const Story& story, const Flow& flow, WitnessId witness) {
    for (const Endpoint& end : {flow.local, flow.peer})
        for (const Sighting& seen : sightings(story, flow, end, PacketKind::rst))
            if (seen.witness == witness && !seen.left.empty() && seen.entered.empty()) return true;
    return firewall_reset(story, flow, witness) != nullptr;
}

using SynDrops = std::multimap<std::uint32_t, const Event*>;  ///< by sequence number

/// A translator has rewritten the tuple of what it drops at last; the number of the SYN is the same.
SynDrops dropped_syns(const Story& story) {
    SynDrops drops;
    for (const Event& event : story.unmatched)
        if (const Drop* drop = relevant_drop(event); drop && drop->syn()) drops.emplace(drop->seq, &event);
    return drops;
}

/// Drops on the way, and at a host that the connection goes to where no socket got the packet: there they belong to no connection.
void add_drops_of_flow(std::vector<const Event*>& drops, const Story& story, const Connection& c, const Flow& flow, std::map<WitnessId, bool>& resets) {
    for (const Event* event : story.unmatched_events(flow)) {
        const Drop* drop = relevant_drop(*event);
        if (!drop || (drop->outgoing && event->witness == c.witness)) continue;
        const std::uint64_t slack_ns = near_ns + story.uncertainty_ns(c.witness, event->witness);
        if (event->time_ns + slack_ns < c.begin_ns || (!c.live() && event->time_ns > c.end_ns + slack_ns)) continue;
        const bool from_client = (c.role == Role::client) == (dropped_source(*event) == c.flow.local);
        const auto& isn = c.role == Role::client ? c.local_isn : c.peer_isn;
        if (drop->syn() && from_client && isn && drop->seq != *isn) continue;  // another try of the same tuple
        const bool at_the_end = std::string_view(netfilter_hook(drop->caller)) == "input";  // the host that was meant refuses, also by a RST
        const auto [known, fresh] = resets.try_emplace(event->witness, false);
        if (fresh) known->second = answered_by_reset(story, flow, event->witness);
        if (at_the_end || !known->second) drops.push_back(event);
    }
}

void add_own(std::vector<const Event*>& drops, const Connection& c) {
    if (!c.has(sign::dropped)) return;
    for (const Event& event : c.events)
        if (relevant_drop(event)) drops.push_back(&event);
}

/// Whatever a recorded host dropped of the session, at either end or between.
std::vector<const Event*> drops_of(const Story& story, const Connection& c, const SynDrops& syns) {
    std::vector<const Event*> drops;
    add_own(drops, c);
    const Connection* other = story.other_end(c);
    if (other) add_own(drops, *other);
    std::map<WitnessId, bool> resets;
    add_drops_of_flow(drops, story, c, c.flow, resets);
    if (other && other->flow != c.flow.reversed()) add_drops_of_flow(drops, story, c, other->flow, resets);
    if (c.role == Role::client && !c.has(sign::established) && c.local_isn)
        for (auto [at, end] = syns.equal_range(*c.local_isn); at != end; ++at) {
            const Event& event = *at->second;
            const bool same_tuple = event.flow == c.flow || event.flow.reversed() == c.flow;
            const bool same_end = event.flow.local.port == c.flow.peer.port || dropped_source(event).address == c.flow.local.address;
            if (!same_tuple && same_end && (event.witness != c.witness || !event.as<Drop>()->outgoing)) drops.push_back(&event);  // it may have come back
        }
    std::sort(drops.begin(), drops.end(), [](const Event* a, const Event* b) { return a->time_ns < b->time_ns; });
    return drops;
}

/// 1: a SYN, 2: a SYN-ACK, 3: what comes after.
int handshake_step(const Event& dropped) {
    const Drop& drop = *dropped.as<Drop>();
    return drop.syn() ? 1 : drop.flags & tcp_flag::syn ? 2 : 3;
}

/// Those of one host that met the same segment; of a handshake, the same step of it. The group with the most.
std::vector<const Event*> worst_group(const std::vector<const Event*>& drops) {
    using Key = std::tuple<WitnessId, Endpoint, int, std::uint32_t>;
    std::map<Key, std::vector<const Event*>> groups;
    for (const Event* event : drops) {
        const Drop& drop = *event->as<Drop>();
        const int step = handshake_step(*event);
        groups[{event->witness, dropped_source(*event), step, step == 3 ? drop.seq : 0}].push_back(event);
    }
    std::vector<const Event*> worst;
    for (auto& [key, events] : groups)
        if (events.size() > worst.size()) worst = std::move(events);
    return worst;
}

/// How often the same was tried; the proof asks that each try met the drop.
std::size_t tries(const Connection& c, const Event& dropped) {
    if (c.embryonic) return syn_acks_again(c).size();
    if (!c.has(sign::established)) return syns_sent(c).size();
    const std::uint32_t seq = dropped.as<Drop>()->seq;
    std::size_t count = 0;
    for (const Event& event : c.events)
        if (const Retransmit* again = event.as<Retransmit>(); again && again->seq == seq && again->what == Retransmit::What::rto) ++count;
    return count;
}

/// The peer acknowledged what was dropped: sent again, it got through.
bool got_through(const Connection& c, const Event& last_drop) {
    const std::uint32_t seq = last_drop.as<Drop>()->seq;
    return std::any_of(c.events.begin(), c.events.end(), [&](const Event& event) {
        if (event.time_ns <= last_drop.time_ns) return false;
        const Retransmit* again = event.as<Retransmit>();
        const Sample* sample = event.as<Sample>();
        const SocketError* error = event.as<SocketError>();
        const ResetReceived* reset = event.as<ResetReceived>();
        const TcpNumbers* tcp = again ? &again->tcp : sample ? &sample->tcp : error ? &error->tcp : reset ? &reset->tcp : nullptr;
        return tcp && tcp->snd_una && dropped_source(last_drop) == c.flow.local && seq_after(tcp->snd_una, seq);
    });
}

struct Outcome {
    std::string text;  ///< what the drops did to the connection; empty when it got over them
    bool withdrawn = false;  ///< its process took it back before an answer was due
    bool late = false;       ///< it came about in the end
};

Outcome outcome(const Connection& c, const std::vector<const Event*>& drops) {
    const std::string peer = c.flow.peer.text();
    if (c.embryonic) return {c.ending == Ending::handshake_expired ? fmt::format("{} never completed its handshake with {}", peer, c.flow.local.text()) : ""};
    if (!c.has(sign::established)) {
        if (c.role != Role::client || !c.has(sign::syn_sent | sign::syn_out)) return {};
        const auto syns = syns_sent(c);
        const std::uint64_t began = syns.empty() ? c.begin_ns : syns.front()->time_ns;
        switch (c.ending) {
            case Ending::connect_timeout: return {fmt::format("connect() to {} timed out", peer)};
            case Ending::refused: return {fmt::format("connect() to {} was refused", peer)};
            case Ending::connect_failed: return {fmt::format("connect() to {} failed with {}", peer, errno_name(c.error))};
            default: break;
        }
        if (c.live()) return {drops.size() >= 2 || c.has(sign::icmp_error) ? fmt::format("connect() to {} gets no answer", peer) : ""};
        const Event* icmp = icmp_refusal(c);
        if (!icmp && c.end_ns - std::min(began, c.end_ns) < answer_due_ns) return {"", true, false};
        return {fmt::format("connect() to {} was given up after {}", peer, since(began, c.end_ns))};
    }
    if (handshake_step(*drops.front()) != 3) {
        const std::uint64_t began = std::min(c.begin_ns, drops.front()->time_ns);
        if (!c.established_ns || *c.established_ns - began < slow_ns) return {};
        return {fmt::format("the handshake with {} took {}", peer, since(began, *c.established_ns)), false, true};
    }
    if (drops.size() < stuck_after || (c.ending == Ending::closed && c.both_closed()) || got_through(c, *drops.back())) return {};
    if (c.ending == Ending::timed_out) return {fmt::format("the connection with {} was given up with ETIMEDOUT", peer)};
    return {fmt::format("the connection with {} {}", peer, c.live() ? "is stuck" : "was stuck")};
}

/// A stateful filter on an asymmetric path drops what it takes for invalid, because it has seen half of the handshake.
void add_asymmetry(Finding& f, const Story& story, const Connection& c, const Event& first) {
    const Drop& drop = *first.as<Drop>();
    if (!drop.by_packet_filter() || drop.syn()) return;
    const Unseen unseen = unseen_step(story, c, first.witness);
    if (unseen == Unseen::nothing) return;
    const bool answer = unseen == Unseen::syn_ack;
    f.headline += fmt::format("; the {} of this handshake took another way and never came through it", answer ? "SYN-ACK" : "SYN");
    f.reasons.push_back(fmt::format("{} saw the {} and not the {}: the path is asymmetric, and a filter that tracks connections takes what follows for invalid", place(story, first.witness),
                                    answer ? "SYN" : "SYN-ACK", answer ? "SYN-ACK" : "SYN"));
}

std::optional<Finding> about_connection(const Story& story, const Connection& c, const SynDrops& syns) {
    std::vector<const Event*> drops = drops_of(story, c, syns);
    if (drops.empty()) return std::nullopt;
    drops = worst_group(drops);
    const Event& first = *drops.front();
    const Outcome became = outcome(c, drops);
    if (became.withdrawn) return harmless(benign::withdrawn, id, c, c.end_ns, between(story, c));
    if (became.text.empty()) return std::nullopt;
    Finding f = about(id, Culprit::local_kernel, Certainty::likely, c, first.time_ns);
    if (became.late) f.harm = Harm::delay;
    judge_drop(f, story, first, proofs[0], drops.size() + (c.has(sign::established) ? 1 : 0) >= tries(c, first));
    if (!c.has(sign::established)) f.cause_ns = std::min(c.begin_ns, first.time_ns);  // what drops was there before the SYN that met it
    f.last_ns = std::max(drops.back()->time_ns, c.has(sign::ended) ? c.end_ns : 0);
    f.headline = c.embryonic ? became.text : fmt::format("{}{}: {}", who(c), at_place(story, c), became.text);
    add_drop_cause(f, story, drops);
    add_asymmetry(f, story, c, first);
    if (first.flow != c.flow && first.flow.reversed() != c.flow)
        f.reasons.push_back(fmt::format("they were under way from {} to {} by then: a device between translates the addresses of this connection", dropped_source(first).text(),
                                        (first.as<Drop>()->outgoing ? first.flow.peer : first.flow.local).text()));
    add_end(f, story.other_end(c));
    cite(f, failed_connect(c));
    cite(f, icmp_refusal(c));
    cite(f, last<SocketError>(c));
    const Drop& drop = *first.as<Drop>();
    f.fold_key = fmt::format("{}/{}/{}/{}", c.witness, c.owner.comm, c.embryonic ? c.flow.local.text() : c.flow.peer.text(), drop.reason);
    return f;
}

/// Flows of which a host on the way dropped more than a packet or two, in both directions' words.
std::set<Flow> flows_stuck(const Story& story) {
    std::map<Flow, std::size_t> counts;
    for (const Event& event : story.unmatched)
        if (const Drop* drop = relevant_drop(event); drop && !drop->syn()) ++counts[event.flow];
    std::set<Flow> flows;
    for (const auto& [flow, count] : counts)
        if (count >= stuck_after) flows.insert({flow, flow.reversed()});
    return flows;
}

/// Connections that a drop may have to do with, ascending by id.
std::vector<const Connection*> those_concerned(const Story& story, const std::set<Flow>& stuck) {
    constexpr std::uint64_t troubled = sign::dropped | sign::retransmit | sign::error;
    std::vector<const Connection*> all;
    for (const Connection& c : story.with(trait::unopened | troubled))
        if (!c.is_listener() && (!c.has(sign::established) || c.has(troubled))) all.push_back(&c);
    for (const Flow& flow : stuck)
        for (const Connection* c : story.with_flow(flow)) all.push_back(c);
    std::sort(all.begin(), all.end(), [](const Connection* a, const Connection* b) { return a->id < b->id; });
    all.erase(std::unique(all.begin(), all.end()), all.end());
    return all;
}

std::vector<Finding> find(const Story& story) {
    std::vector<Finding> found;
    std::set<ConnectionId> told_of;
    const SynDrops syns = dropped_syns(story);
    const std::set<Flow> stuck = flows_stuck(story);
    const auto concerned = those_concerned(story, stuck);
    // A client tells best what became of it; the other end of the same session is an effect.
    for (const bool clients : {true, false})
        for (const Connection* c : concerned) {
            if ((c->role == Role::client) != clients || told_of.contains(c->id)) continue;
            auto f = about_connection(story, *c, syns);
            if (!f) continue;
            told_of.insert(f->connections.begin(), f->connections.end());
            found.push_back(std::move(*f));
        }
    std::set<std::uint64_t> told;
    for (const Finding& f : found) told.insert(f.evidence.begin(), f.evidence.end());
    for (Finding& f : dropped_at_the_door(story, told, proofs[0])) found.push_back(std::move(f));
    for (Finding& f : syn_queues_full(story, id)) found.push_back(std::move(f));
    return found;
}

}  // namespace

const Rule local_drop = {
    id, "a recorded host dropped the connection's packets itself",
    "The kernel of a host that was recorded threw packets of the connection away: its packet filter, a reverse path check, a full queue, a BPF program or want of memory. No "
    "device on the path has to be looked for.",
    "A packet freed with a reason that means loss, and a connection that failed by it: connect() without success, or the same segment dropped three times. A NETFILTER_DROP is the "
    "host's own firewall, and so is a rule that hands packets to a program which is not there (NFQUEUE); the finding names the hook and, where it could be found, table, chain and rule. IP_RPFILTER is a strict rp_filter whose route back leads over another "
    "device. A listener that drops SYNs while its queue of half-open connections is full, on a host without SYN cookies, is told by its own counter. Every other reason is told by the kernel's own name.",
    "Not a single lost SYN that the next one makes good. Not what the kernel frees because it comes twice or late, nor around an ordinary close. Not SYNs that a firewall keeps off as its purpose is: "
    "nobody listens there, others are let in, its rule names who may not come, or they were to pass through and only its policy drops them. Those are counted (kept-out). But a client that comes again and finds a closed door though a process "
    "listens behind it, or a rule on the way that names the service, is told; so is a rule that lets others of the same client in: it limits, and those that it drops come late or not at all. Packets whose hop limit had run out, or that were "
    "damaged before, are a symptom: the path is the culprit.",
    "For the packet filter: look at the rule (nft -a list ruleset), and who put it there. For rp_filter: set net.ipv4.conf.DEVICE.rp_filter to 2, or mend the route back. For queues and "
    "memory: see the reason's name in the kernel's include/net/dropreason-core.h, and the device's counters (tc -s qdisc, ip -s link).",
    find,
    proofs,
};

}  // namespace tcpwitness
