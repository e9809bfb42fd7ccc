#include "findings/at_the_door.h"

#include <algorithm>
#include <map>
#include <tuple>

#include <fmt/format.h>

#include "base/text.h"
#include "findings/benign.h"
#include "findings/drop_cause.h"
#include "findings/facts.h"
#include "findings/packet_filter_rule.h"

namespace tcpwitness {

namespace {

constexpr const char* id = "local-drop";
constexpr std::uint64_t late_ns = 900'000'000;        ///< a client sends its SYN again after a second
constexpr std::uint64_t very_late_ns = 1'500'000'000;

using SynKey = std::tuple<WitnessId, Flow, std::uint32_t>;

/// What the packet filter did to the SYNs of one port, by one rule.
struct Refusals {
    const Connection* listener = nullptr;
    bool passing = false;                 ///< this host was to pass them on: the port is another host's
    std::vector<const Event*> drops;
    std::vector<const Connection*> late;  ///< let in when the SYN came again
    std::uint64_t least_ns = 0, most_ns = 0;  ///< by so much
    std::size_t kept_out = 0;             ///< SYNs that never got in
    std::set<Address> kept_out_clients, clients;
    std::map<Address, std::size_t> tries;  ///< by each that was kept out
};

/// The rule lets some in and others not: that is a limit, where one that keeps everybody out is a closed door.
bool let_others_in(const Story& story, const Refusals& one) {
    const Endpoint& local = one.drops.front()->flow.local;
    const WitnessId witness = one.drops.front()->witness;
    return std::any_of(one.clients.begin(), one.clients.end(), [&](const Address& client) {
        const auto all = story.with_peer(witness, client);
        return std::any_of(all.begin(), all.end(), [&](const Connection* c) {
            const bool same_service = c->flow.local.port == local.port || (one.listener && one.listener->owner.known() && c->owner.comm == one.listener->owner.comm);  // FTP's two ports
            return c->role == Role::server && same_service && c->has(sign::established);
        });
    });
}

/// Somebody from elsewhere is connected to that port: it is closed to some only.
bool open_to_anybody(const Story& story, const Refusals& one) {
    const Event& first = *one.drops.front();
    return std::any_of(story.connections.begin(), story.connections.end(), [&](const Connection& c) {
        return c.role == Role::server && c.witness == first.witness && c.flow.local.port == first.flow.local.port && !on_this_host(c) && (c.has(sign::established) || c.preexisting);
    });
}

/// Hosts whose SYNs were dropped at so many ports that they look for open ones.
class Scanners {
public:
    void add(const Event& drop) { tried_[{drop.witness, drop.flow.peer.address}].insert(drop.flow.local); }
    bool has(WitnessId witness, const Address& client) const {
        const auto at = tried_.find({witness, client});
        return at != tried_.end() && at->second.size() >= many;
    }

private:
    static constexpr std::size_t many = 10;
    std::map<std::pair<WitnessId, Address>, std::set<Endpoint>> tried_;
};

/// A closed door that nobody can have meant: a process listens behind it and no client gets in, or a rule that names the service stands in its clients' way.
/// A client comes again, a passer-by does not.
bool keeps_clients_out(const Story& story, const Refusals& one, const Scanners& scanners) {
    const Event& first = *one.drops.front();
    const bool wanted = std::any_of(one.tries.begin(), one.tries.end(), [&](const auto& client) { return client.second > 1 && !scanners.has(first.witness, client.first); });
    if (!wanted) return false;
    if (one.passing) return names_destination(story, first);
    const bool rule_known = !rules_that_may_have_dropped(story, first).empty();
    return one.listener && rule_known && !names_source(story, first) && !open_to_anybody(story, one);
}

std::string clients_text(const std::set<Address>& clients) { return clients.size() == 1 ? clients.begin()->text() : count_text(clients.size(), "client", "clients"); }

std::string listener_text(const Story& story, const Event& drop, const Connection* listener) {
    const std::string owner = listener && listener->owner.known() ? fmt::format(" ({})", who(*listener)) : "";
    return fmt::format("{}{}{}", drop.flow.local.text(), owner, story.witnesses.size() < 2 ? "" : " on " + place(story, drop.witness));
}

Finding tell_refusals(const Story& story, const Refusals& one, const Proof& told_by_kernel) {
    const Event& first = *one.drops.front();
    Finding f;
    f.rule = id;
    judge_drop(f, story, first, told_by_kernel, true);
    f.first_ns = first.time_ns;
    f.last_ns = one.drops.back()->time_ns;
    const std::string door = listener_text(story, first, one.listener);
    const bool nobody = one.late.empty() && !let_others_in(story, one);
    const std::string delay = one.least_ns + late_ns < one.most_ns ? duration_text(one.least_ns) + " to " + duration_text(one.most_ns) : duration_text(one.most_ns);
    if (one.kept_out == 0) f.headline = fmt::format("{} of {} to {} came {} late", count_text(one.late.size(), "connection", "connections"), clients_text(one.clients), door, delay);
    else
        f.headline = fmt::format("{} of {} to {} {} not let {}{}", count_text(one.kept_out, "connect", "connects"), clients_text(one.kept_out_clients), door, one.kept_out == 1 ? "was" : "were",
                                 one.passing ? "through" : "in", one.late.empty() ? "" : fmt::format(", and {} {} late", count_text(one.late.size(), "other came", "others came"), delay));
    add_drop_cause(f, story, one.drops);
    const auto rules = rules_that_may_have_dropped(story, first);
    if (!nobody)
        f.reasons.push_back("others of the same client were let in");
    else if (!first.as<Drop>()->unqueued() && !one.passing)
        f.reasons.push_back("no client was let in there, though a process listens");
    for (const Connection* c : one.late) {
        f.connections.push_back(c->id);
        add_end(f, story.other_end(*c));
        f.last_ns = std::max(f.last_ns, *c->established_ns);
    }
    f.fold_key = fmt::format("door/{}/{}/{}", first.witness, first.flow.local.port, rules.empty() ? "" : rules.front());
    return f;
}

/// The host answered what it dropped with a RST: that client does not try again.
bool reset_here(const Story& story, const Event& drop) {
    const auto packets = story.unmatched_packets(drop.flow);
    return std::any_of(packets.begin(), packets.end(), [&](const Event* packet) { return packet->witness == drop.witness && packet->as<Segment>()->outgoing && packet->as<Segment>()->rst(); });
}

/// SYNs that a rule keeps off, as its purpose is.
Finding kept_off(const Story& story, const Refusals& one, const std::string& rule) {
    const Event& first = *one.drops.front();
    Finding f;
    f.rule = id;
    f.benign = benign::kept_out;
    f.first_ns = first.time_ns;
    f.last_ns = one.drops.back()->time_ns;
    f.count = one.kept_out;
    f.headline = fmt::format("{} -> {}: {}", clients_text(one.kept_out_clients), listener_text(story, first, one.listener), rule.empty() ? "its " + filter_text(story, first) : printable(rule));
    f.fold_key = f.headline;
    cite(f, one.drops);
    return f;
}

/// The SYN, sent again, was passed on.
bool passed_on(const Story& story, const Event& drop) {
    const auto packets = story.unmatched_packets(drop.flow);
    return std::any_of(packets.begin(), packets.end(), [&](const Event* packet) {
        const Segment& segment = *packet->as<Segment>();
        return packet->witness == drop.witness && segment.outgoing && segment.syn() && segment.seq == drop.as<Drop>()->seq && packet->time_ns > drop.time_ns;
    });
}

/// It was to go through this host, to another one.
bool passing(const Story& story, const Homes& homes, const Event& drop) {
    if (std::string_view(netfilter_hook(drop.as<Drop>()->caller)) == "forward") return true;
    const bool told = story.any_recording(drop.witness, [&](const Recording& recording) { return !recording.addresses_of(story.witnesses[drop.witness]).empty(); });
    return told && homes.of(drop.flow.local.address, drop.witness) != drop.witness;
}

std::vector<Finding> refused_by_filter(const Story& story, const std::map<SynKey, std::vector<const Event*>>& by_syn, const Listeners& listeners, const Proof& told_by_kernel) {
    std::vector<Finding> found;
    using Door = std::tuple<WitnessId, Address, std::uint16_t, std::string>;  ///< the address of another host only; the rule, where it can be no other
    std::map<Door, Refusals> by_rule;
    std::optional<Homes> homes;
    Scanners scanners;
    for (const auto& [syn, drops] : by_syn) {
        const Event& first = *drops.front();
        if (!first.as<Drop>()->by_packet_filter()) continue;
        if (!homes) homes.emplace(story);
        scanners.add(first);
        const bool elsewhere = passing(story, *homes, first);
        if (elsewhere && passed_on(story, first)) continue;
        const auto rules = rules_that_may_have_dropped(story, first);
        Refusals& one = by_rule[{first.witness, elsewhere ? first.flow.local.address : Address{}, first.flow.local.port, rules.size() == 1 ? rules.front() : ""}];
        one.passing = elsewhere;
        one.listener = elsewhere ? nullptr : listeners.at(first.witness, first.flow.local);
        one.drops.insert(one.drops.end(), drops.begin(), drops.end());
        one.clients.insert(first.flow.peer.address);
        const Connection* came = nullptr;
        for (const Connection* c : story.with_flow(first.flow))
            if (c->role == Role::server && c->witness == first.witness && c->peer_isn == std::get<2>(syn) && c->established_ns) came = c;
        if (came) {
            const std::uint64_t by_ns = *came->established_ns - std::min(first.time_ns, *came->established_ns);
            if (by_ns < late_ns) continue;
            one.least_ns = one.late.empty() ? by_ns : std::min(one.least_ns, by_ns);
            one.most_ns = std::max(one.most_ns, by_ns);
            one.late.push_back(came);
        } else if (drops.size() > 1 || reset_here(story, first) || story.recording_of(first.witness).end_ns > first.time_ns + late_ns) {
            ++one.kept_out;
            one.kept_out_clients.insert(first.flow.peer.address);
            one.tries[first.flow.peer.address] += drops.size();
        }
    }
    for (auto& [where, one] : by_rule) {
        std::sort(one.drops.begin(), one.drops.end(), [](const Event* a, const Event* b) { return a->time_ns < b->time_ns; });
        const bool unqueued = one.drops.front()->as<Drop>()->unqueued();
        const bool hurts = one.kept_out > 0 || one.late.size() > 1 || one.most_ns >= very_late_ns;
        if (hurts && ((one.listener && (unqueued || let_others_in(story, one))) || keeps_clients_out(story, one, scanners)))
            found.push_back(tell_refusals(story, one, told_by_kernel));
        else if (one.kept_out)
            found.push_back(kept_off(story, one, std::get<3>(where)));
    }
    return found;
}

}  // namespace

Listeners::Listeners(const Story& story) : by_port_(listeners_by_port(story)) {}

const Connection* Listeners::at(WitnessId witness, const Endpoint& local) const {
    const auto found = by_port_.find({witness, local.port});
    if (found == by_port_.end()) return nullptr;
    for (const Connection* c : found->second)
        if (c->flow.local.address == local.address) return c;
    for (const Connection* c : found->second)
        if (c->flow.local.address.unspecified() && c->flow.local.address.family == local.address.family) return c;
    for (const Connection* c : found->second)
        if (c->flow.local.address.unspecified() && c->flow.local.address.family == Address::Family::ipv6) return c;  // takes IPv4, too
    return nullptr;
}

std::vector<Unanswered> unanswered_syns(const Story& story) {
    std::map<SynKey, std::vector<const Event*>> by_syn;
    std::set<std::pair<WitnessId, Flow>> answered;
    for (const Event& event : story.unmatched) {
        const Segment* segment = event.as<Segment>();
        if (segment && segment->syn() && !segment->outgoing) by_syn[{event.witness, event.flow, segment->seq}].push_back(&event);
        else if ((segment && segment->outgoing) || event.as<Drop>() || event.as<ResetSent>()) answered.emplace(event.witness, event.flow);
    }
    std::vector<Unanswered> found;
    std::optional<Listeners> listeners;
    for (auto& [key, syns] : by_syn) {
        const Event& first = *syns.front();
        if (syns.size() < 2 || syns.back()->time_ns - first.time_ns < late_ns || answered.contains({first.witness, first.flow})) continue;
        if (!listeners) listeners.emplace(story);
        const Connection* listener = listeners->at(first.witness, first.flow.local);
        if (!listener || listener->begin_ns > first.time_ns || (!listener->live() && listener->end_ns < syns.back()->time_ns)) continue;
        Unanswered one{listener, nullptr, std::move(syns)};
        for (const Connection* c : story.with_flow(first.flow.reversed()))
            if (c->role == Role::client && c->local_isn == std::get<2>(key)) one.client = c;
        found.push_back(std::move(one));
    }
    return found;
}

std::vector<Finding> dropped_at_the_door(const Story& story, const std::set<std::uint64_t>& told, const Proof& told_by_kernel) {
    std::map<SynKey, std::vector<const Event*>> by_syn;
    for (const Event& event : story.unmatched) {
        const Drop* drop = relevant_drop(event);
        if (drop && drop->syn() && !drop->outgoing && !told.contains(event.id)) by_syn[{event.witness, event.flow, drop->seq}].push_back(&event);
    }
    if (by_syn.empty()) return {};
    const Listeners listeners(story);
    std::vector<Finding> found = refused_by_filter(story, by_syn, listeners, told_by_kernel);
    for (const auto& [key, drops] : by_syn) {
        const Event& first = *drops.front();
        const Drop& drop = *first.as<Drop>();
        if (drop.by_packet_filter() || drops.size() < 2 || !listeners.at(first.witness, first.flow.local)) continue;
        Finding f;
        f.rule = id;
        judge_drop(f, story, first, told_by_kernel, true);
        f.first_ns = first.time_ns;
        f.last_ns = drops.back()->time_ns;
        f.headline = fmt::format("{} cannot reach {}", first.flow.peer.address.text(), first.flow.local.text());
        add_drop_cause(f, story, drops);
        f.fold_key = fmt::format("{}/{}/{}/{}", first.witness, first.flow.local.text(), first.flow.peer.address.text(), drop.reason);
        found.push_back(std::move(f));
    }
    return found;
}

}  // namespace tcpwitness
