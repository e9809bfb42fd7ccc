#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/text.h"
#include "findings/every_rule.h"
#include "findings/facts.h"
#include "findings/packet_filter_rule.h"

namespace tcpwitness {

namespace {

constexpr const char* id = "local-drop";

constexpr Proof proofs[] = {{"the kernel told that it dropped the connection's packets, and why", others({Other::other_cause})}};
constexpr std::size_t stuck_after = 3;  ///< the same segment thrown away so often is no passing trouble

/// Rules of their own tell these: no route, no neighbour, a full accept queue, a segment beyond the path's MTU.
bool told_elsewhere(const Drop& drop) {
    return drop.icmp || drop.without_route() || drop.reason == "NEIGH_FAILED" || drop.reason == "TCP_LISTEN_OVERFLOW" ||
           drop.reason == "PKT_TOO_BIG";
}

const Drop* relevant(const Event& event) {
    const Drop* drop = event.as<Drop>();
    return drop && !told_elsewhere(*drop) ? drop : nullptr;
}

std::vector<const Event*> own_drops(const Connection& c) {
    std::vector<const Event*> drops;
    if (!c.has(sign::dropped)) return drops;
    for (const Event& event : c.events)
        if (relevant(event)) drops.push_back(&event);
    return drops;
}

/// Drops at the host that the connection goes to: there it has no connection of its own to belong to.
std::vector<const Event*> drops_at_peer(const Story& story, const Connection& c, const Homes& homes) {
    std::vector<const Event*> drops;
    for (const Event* event : story.unmatched_events(c.flow)) {
        const Drop* drop = relevant(*event);
        if (!drop || drop->outgoing || event->witness == c.witness || event->flow != c.flow.reversed()) continue;
        const bool is_home = homes.of(c.flow.peer.address, c.witness) == event->witness;
        if (is_home || std::string_view(netfilter_hook(drop->caller)) == "input") drops.push_back(event);
    }
    return drops;
}

/// The drops of the one segment that met the most of them.
std::vector<const Event*> worst_segment(const std::vector<const Event*>& drops) {
    std::map<std::pair<bool, std::uint32_t>, std::vector<const Event*>> by_segment;
    for (const Event* event : drops) {
        const Drop& drop = *event->as<Drop>();
        by_segment[{drop.outgoing, drop.seq}].push_back(event);
    }
    std::vector<const Event*> worst;
    for (auto& [segment, events] : by_segment)
        if (events.size() > worst.size()) worst = std::move(events);
    return worst;
}

/// What the drops did to the connection; empty when it got over them.
std::string outcome(const Connection& c, const std::vector<const Event*>& drops) {
    const std::string peer = c.flow.peer.text();
    if (c.embryonic) return c.ending == Ending::handshake_expired ? fmt::format("{} never completed its handshake with {}", peer, c.flow.local.text()) : "";
    if (!c.has(sign::established)) {
        switch (c.ending) {
            case Ending::connect_timeout: return fmt::format("connect() to {} timed out", peer);
            case Ending::refused: return fmt::format("connect() to {} was refused", peer);
            case Ending::connect_failed: return fmt::format("connect() to {} failed with {}", peer, errno_name(c.error));
            default: return drops.size() >= 2 ? fmt::format("connect() to {} gets no answer", peer) : "";
        }
    }
    if (drops.size() < stuck_after || (c.ending == Ending::closed && c.both_closed())) return {};
    return c.ending == Ending::timed_out ? fmt::format("the connection with {} was given up with ETIMEDOUT", peer) : fmt::format("the connection with {} is stuck", peer);
}

Culprit culprit_of(const Drop& drop) {
    if (drop.by_packet_filter()) return Culprit::local_firewall;
    return drop.reason == "IP_RPFILTER" ? Culprit::local_configuration : Culprit::local_kernel;
}

/// "its packet filter (output hook; table inet t, chain o, handle 4: tcp dport 5061 drop)", "strict rp_filter on eth1", "QDISC_DROP in ...".
std::string cause_text(const Drop& drop, const std::vector<std::string>& rules) {
    const std::string device = drop.device.empty() ? "" : " on " + printable(drop.device);
    if (drop.reason == "IP_RPFILTER") return "strict rp_filter" + device;
    if (!drop.by_packet_filter()) return fmt::format("{} in {}{}", printable(drop.reason), printable(drop.place), device);
    const std::string hook = netfilter_hook(drop.caller);
    std::string where = !hook.empty() ? hook + " hook" : !drop.caller.empty() ? "in " + printable(drop.caller) : "in " + printable(drop.place);
    if (rules.size() == 1) where += "; " + printable(rules.front());
    return fmt::format("its packet filter ({})", where);
}

std::string packets_text(const std::vector<const Event*>& drops) {
    const Drop& drop = *drops.front()->as<Drop>();
    const bool syn = drop.syn(), syn_ack = !syn && (drop.flags & tcp_flag::syn);
    return count_text(drops.size(), syn ? "SYN" : syn_ack ? "SYN-ACK" : "segment", syn ? "SYNs" : syn_ack ? "SYN-ACKs" : "segments") +
           (drop.outgoing ? " on the way out" : " that came in");
}

void add_cause(Finding& f, const Story& story, const std::vector<const Event*>& drops) {
    const Event& first = *drops.front();
    const Drop& drop = *first.as<Drop>();
    const auto rules = drop.by_packet_filter() ? rules_that_may_have_dropped(story, first) : std::vector<std::string>{};
    f.headline += fmt::format(" because {} dropped {}: {}", place(story, first.witness), packets_text(drops), cause_text(drop, rules));
    f.reasons.push_back(fmt::format("the kernel freed each with reason {} in {}{}", printable(drop.reason), printable(drop.place),
                                    drop.caller.empty() ? "" : ", called by " + printable(drop.caller)));
    if (rules.size() == 1) f.reasons.push_back("no other rule of that hook drops such a packet, as far as the recorded ruleset tells");
    for (std::size_t i = 0; rules.size() > 1 && i < std::min<std::size_t>(rules.size(), 5); ++i) f.reasons.push_back("it may have been " + printable(rules[i]));
    if (drop.by_packet_filter() && rules.empty()) f.reasons.push_back("the kernel does not tell which rule it was; `nft list ruleset` there shows those of that hook");
    cite(f, drops);
}

std::optional<Finding> about_connection(const Story& story, const Connection& c, std::optional<Homes>& homes) {
    std::vector<const Event*> drops = own_drops(c);
    const bool failed = !c.embryonic && !c.has(sign::established) && c.role == Role::client && c.has(sign::syn_sent | sign::syn_out);
    if (drops.empty() && failed && c.ending != Ending::closed) {
        if (!homes) homes.emplace(story);
        drops = drops_at_peer(story, c, *homes);
    }
    if (drops.empty()) return std::nullopt;
    drops = worst_segment(drops);
    const std::string became = outcome(c, drops);
    if (became.empty()) return std::nullopt;
    Finding f = about(id, culprit_of(*drops.front()->as<Drop>()), Certainty::likely, c, drops.front()->time_ns);
    prove(f, proofs[0], others({Other::other_cause}));
    f.last_ns = std::max(drops.back()->time_ns, c.has(sign::ended) ? c.end_ns : 0);
    f.headline = c.embryonic ? became : fmt::format("{}{}: {}", who(c), at_place(story, c), became);
    add_cause(f, story, drops);
    add_end(f, story.other_end(c));
    cite(f, failed_connect(c));
    cite(f, last<SocketError>(c));
    const Drop& drop = *drops.front()->as<Drop>();
    f.fold_key = fmt::format("{}/{}/{}/{}", c.witness, c.owner.comm, c.embryonic ? c.flow.local.text() : c.flow.peer.text(), drop.reason);
    return f;
}

/// SYNs for a port that somebody listens on, thrown away by something else than the packet filter: that is there to do it.
std::vector<Finding> lost_at_the_door(const Story& story, const std::set<std::uint64_t>& told) {
    std::vector<Finding> found;
    const auto listens = [&](const Event& event) {
        return std::any_of(story.connections.begin(), story.connections.end(), [&](const Connection& c) {
            return c.is_listener() && c.witness == event.witness && c.flow.local.port == event.flow.local.port;
        });
    };
    std::map<std::tuple<WitnessId, Flow, std::uint32_t>, std::vector<const Event*>> by_syn;
    for (const Event& event : story.unmatched) {
        const Drop* drop = relevant(event);
        if (drop && drop->syn() && !drop->outgoing && !drop->by_packet_filter() && !told.contains(event.id))
            by_syn[{event.witness, event.flow, drop->seq}].push_back(&event);
    }
    for (const auto& [key, drops] : by_syn) {
        if (drops.size() < 2 || !listens(*drops.front())) continue;
        const Event& first = *drops.front();
        const Drop& drop = *first.as<Drop>();
        Finding f;
        f.rule = id;
        f.culprit = culprit_of(drop);
        prove(f, proofs[0], others({Other::other_cause}));
        f.first_ns = first.time_ns;
        f.last_ns = drops.back()->time_ns;
        f.headline = fmt::format("{} cannot reach {}", first.flow.peer.address.text(), first.flow.local.text());
        add_cause(f, story, drops);
        f.fold_key = fmt::format("{}/{}/{}/{}", first.witness, first.flow.local.text(), first.flow.peer.address.text(), drop.reason);
        found.push_back(std::move(f));
    }
    return found;
}

std::vector<Finding> find(const Story& story) {
    std::vector<Finding> found;
    std::optional<Homes> homes;
    for (const Connection& c : story.connections)
        if (auto f = about_connection(story, c, homes)) found.push_back(std::move(*f));
    std::set<std::uint64_t> told;
    for (const Finding& f : found) told.insert(f.evidence.begin(), f.evidence.end());
    for (Finding& f : lost_at_the_door(story, told)) found.push_back(std::move(f));
    return found;
}

}  // namespace

const Rule local_drop = {
    id, "a recorded host dropped the connection's packets itself",
    "The kernel of a host that was recorded threw packets of the connection away: its packet filter, a reverse path check, a full queue, a BPF program or want of memory. No "
    "device on the path has to be looked for.",
    "A packet freed with a reason that means loss, and a connection that failed by it: connect() without success, or the same segment dropped three times. A NETFILTER_DROP is the "
    "host's own firewall; the finding names the hook and, where it could be found, table, chain and rule. IP_RPFILTER is a strict rp_filter whose route back leads over another "
    "device. Every other reason is told by the kernel's own name.",
    "Not a single lost SYN that the next one makes good. Not what the kernel frees because it comes twice or late, nor around an ordinary close. Not SYNs that a firewall keeps off a "
    "port, unless the client was recorded too.",
    "For the packet filter: look at the rule (nft -a list ruleset), and who put it there. For rp_filter: set net.ipv4.conf.DEVICE.rp_filter to 2, or mend the route back. For queues and "
    "memory: see the reason's name in the kernel's include/net/dropreason-core.h, and the device's counters (tc -s qdisc, ip -s link).",
    find,
    proofs,
};

}  // namespace tcpwitness
