#include <algorithm>
#include <cerrno>

#include <fmt/format.h>

#include "base/text.h"
#include "findings/at_the_door.h"
#include "findings/benign.h"
#include "findings/device_facts.h"
#include "findings/every_rule.h"
#include "findings/facts.h"
#include "findings/link_addresses.h"
#include "findings/unusable_address.h"
#include "findings/way_back.h"

namespace tcpwitness {

namespace {

constexpr const char* id = "no-route";

enum { no_lookup, no_destination };
constexpr Proof proofs[] = {
    {"the kernel told that its route lookup failed, before it sent anything", 0},
    {"the kernel refused the call, and no TCP connection can go to such an address", 0},
};
constexpr std::size_t stuck_after = 3;
constexpr std::uint64_t long_stall_ns = 1'000'000'000;  ///< of a connection that got over it

/// Programs that try IPv6 and IPv4 in turn: a family without a route is no trouble when the other one connects.
bool other_family_connected(const Story& story, const Connection& c) {
    constexpr std::uint64_t soon_ns = 2'000'000'000;
    using Family = Address::Family;
    for (const Family family : {Family::none, Family::ipv4, Family::ipv6, Family::name}) {
        if (family == c.flow.peer.address.family) continue;
        const auto others = story.called_by(c.witness, c.owner.pid, c.flow.peer.port, family);
        const bool connected = std::any_of(others.begin(), others.end(), [&](const Connection* other) {
            return other->has(sign::established) && other->begin_ns + soon_ns >= c.begin_ns && other->begin_ns <= c.end_ns + soon_ns;
        });
        if (connected) return true;
    }
    return false;
}

/// "no route to it in table main", "the route to it (table main) says prohibit".
std::string cause_text(const Route* route) {
    if (!route) return "it has no route there";
    if (const std::string_view rule = route->refusing_rule(); !rule.empty()) return fmt::format("a {} rule", rule);
    const std::string table = route->table ? fmt::format("table {}", table_name(route->table)) : "";
    switch (route->what) {
        case Route::What::no_route: return table.empty() ? "it has no route there" : fmt::format("it has no route there ({} was asked last)", table);
        case Route::What::blackhole: return fmt::format("a blackhole route{}", table.empty() ? "" : " in " + table);
        case Route::What::unreachable: return fmt::format("an unreachable route{}", table.empty() ? "" : " in " + table);
        case Route::What::prohibit: return fmt::format("a prohibit route{}", table.empty() ? "" : " in " + table);
    }
    return "it has no route there";
}

std::optional<Finding> refused_by_routes(const Story& story, const Connection& c) {
    if (c.ending != Ending::connect_failed || c.has(sign::syn_sent | sign::syn_out)) return std::nullopt;
    const Event* told = first<Route>(c);
    const std::string unusable = unusable_address(story, c);
    if (!told && c.error != ENETUNREACH && unusable.empty()) return std::nullopt;
    const Event* result = failed_connect(c);
    const Event* at = told ? told : result ? result : &c.events.back();
    if (other_family_connected(story, c)) return harmless(benign::fallback, id, c, at->time_ns, between(story, c));
    Finding f = about(id, Culprit::local_configuration, Certainty::likely, c, at->time_ns);
    prove(f, proofs[unusable.empty() ? no_lookup : no_destination]);
    f.headline = fmt::format("{}{}: connect() to {} failed with {}: {}", who(c), at_place(story, c), c.flow.peer.text(), errno_name(c.error),
                             !unusable.empty() ? unusable : cause_text(told ? told->as<Route>() : nullptr));
    f.reasons.push_back("the kernel gave up before it sent anything");
    cite(f, told);
    cite(f, result);
    f.fold_key = fmt::format("{}/{}/{}/{}", c.witness, c.owner.comm, c.flow.peer.text(), c.error);
    return f;
}

/// The last lookup that is told with what decided, else the last one.
const Event* last_lookup(const Connection& c) {
    const Event* found = nullptr;
    for (const Event& event : c.events)
        if (const Route* route = event.as<Route>(); route && (!found || route->table)) found = &event;
    return found;
}

/// The route went away under an open connection.
std::optional<Finding> lost_its_route(const Story& story, const Connection& c) {
    if (!c.has(sign::established) || !c.has(sign::dropped | sign::no_route | sign::retransmit)) return std::nullopt;
    const bool got_over_it = c.ending == Ending::closed && c.both_closed();
    std::vector<const Event*> failures;
    for (const Event& event : c.events) {
        const Drop* drop = event.as<Drop>();
        const Retransmit* again = event.as<Retransmit>();
        const bool dropped = drop && drop->outgoing && drop->without_route();
        if (dropped || (again && (again->error == -ENETUNREACH || again->error == -EHOSTUNREACH))) failures.push_back(&event);
    }
    if (failures.size() < stuck_after) return std::nullopt;
    if (got_over_it && failures.back()->time_ns - failures.front()->time_ns < long_stall_ns) return std::nullopt;
    const Event* told = last_lookup(c);
    Finding f = about(id, Culprit::local_configuration, Certainty::likely, c, failures.front()->time_ns);
    prove(f, proofs[no_lookup]);
    f.last_ns = failures.back()->time_ns;
    const std::string when = since(c.begin_ns, failures.front()->time_ns) + " after its start";
    f.headline = fmt::format("{}{}: the connection with {} {}: {}", who(c), at_place(story, c), c.flow.peer.text(),
                             got_over_it ? fmt::format("stood still for {} or more, {}", since(f.first_ns, f.last_ns), when) : "is stuck since " + when, cause_text(told ? told->as<Route>() : nullptr));
    if (const auto went = device_went(story, c.witness, f.first_ns, f.first_ns)) {
        f.headline += fmt::format(" ({})", went->text);
        cite(f, went->fact);
    }
    f.reasons.push_back(fmt::format("{} for want of a route over {}", count_text(failures.size(), "segment could not be sent", "segments could not be sent"),
                                    since(f.first_ns, f.last_ns)));
    cite(f, failures);
    cite(f, told);
    f.fold_key = fmt::format("{}/{}/open", c.witness, c.flow.peer.address.text());
    return f;
}

/// A look at the listening socket that found packets dropped, though there was place in its queue.
const Event* listener_drop(const Connection& listener, std::uint64_t from_ns, std::uint64_t to_ns) {
    constexpr std::uint64_t look_ns = 2'000'000'000;
    for (const Event& event : listener.events)
        if (const Queue* queue = event.as<Queue>(); queue && queue->drops && !queue->full() && event.time_ns >= from_ns && event.time_ns <= to_ns + look_ns) return &event;
    return nullptr;
}

/// A listening socket cannot answer: the kernel looks for the way back before it makes a SYN-ACK, and throws the SYN away where there is none.
std::vector<Finding> no_way_back(const Story& story) {
    std::vector<Finding> found;
    for (const Unanswered& one : unanswered_syns(story)) {
        const Event& first = *one.syns.front();
        const auto dead = dead_end(story, first.witness, first.flow.peer.address, first.time_ns);
        if (!dead || misaddressed(story, one.syns)) continue;
        const std::string where = story.witnesses.size() < 2 ? "" : " on " + place(story, first.witness);
        Finding f;
        f.rule = id;
        f.culprit = Culprit::local_configuration;
        f.certainty = Certainty::likely;
        f.first_ns = first.time_ns;
        f.last_ns = one.syns.back()->time_ns;
        f.headline = fmt::format("{}{} does not answer {}: {}; {} over {} came in", first.flow.local.text(),
                                 one.listener->owner.known() ? fmt::format(" ({}){}", who(*one.listener), where) : where, first.flow.peer.address.text(), dead->text,
                                 count_text(one.syns.size(), "SYN", "SYNs"), since(f.first_ns, f.last_ns));
        f.reasons.push_back("the kernel looks for the way back before it makes a SYN-ACK, and drops the SYN where there is none");
        if (const Event* drops = listener_drop(*one.listener, f.first_ns, f.last_ns)) {
            f.reasons.push_back("the listening socket counted drops at that time, and its queue was not full");
            cite(f, drops);
        }
        f.settle = fmt::format("ip route get {} on that host tells which route the kernel takes; take it away and try again", first.flow.peer.address.text());
        if (one.client) {
            f.connections.push_back(one.client->id);
            f.cause_ns = std::min(one.client->begin_ns, f.first_ns);  // the way back was missing before the SYN that met it
        }
        cite(f, one.syns);
        cite(f, dead->fact);
        f.fold_key = fmt::format("back/{}/{}", first.witness, first.flow.peer.address.text());
        found.push_back(std::move(f));
    }
    return found;
}

std::vector<Finding> find(const Story& story) {
    std::vector<Finding> found = no_way_back(story);
    for (const Connection& c : story.with(sign::dropped | sign::no_route | sign::retransmit | trait::failed)) {
        if (c.is_listener() || c.embryonic) continue;
        if (auto f = refused_by_routes(story, c))
            found.push_back(std::move(*f));
        else if (auto open = lost_its_route(story, c))
            found.push_back(std::move(*open));
    }
    return found;
}

}  // namespace

const Rule no_route = {
    id, "this host has no route to the peer, or one that says no",
    "The kernel looked for a route and found none, or one of type unreachable, prohibit or blackhole. Nothing was sent: neither the network nor the peer has a part in it.",
    "connect() ended with ENETUNREACH, or with EHOSTUNREACH, EACCES or EINVAL after a route lookup that failed, before any SYN left. The finding names the table that was asked last "
    "and what the route says, or that a routing rule refused. An open connection whose segments find no route three times is told too; one that got over it, where that took a second or longer. So is a link-local IPv6 address without a device, a multicast or a broadcast address, to which no TCP connection can go. So is a listening socket that answers no SYN of a client to whom the host's recorded routes lead nowhere (a ban by a blackhole route).",
    "Not an ICMP error from a router, nor an unanswered ARP request: those are host-unreachable, and a SYN was sent or tried before. Not a program that tries IPv6 first on a host that has only "
    "IPv4, and then connects.",
    "ip route get ADDRESS shows what the kernel would do, ip rule and ip route show table all where it comes from. See what changed the routes at that time: a link that went down, a VPN, DHCP.",
    find,
    proofs,
};

}  // namespace tcpwitness
