// What the trace could have seen, and who saw what on the way.
#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "findings/facts.h"

namespace tcpwitness {

namespace {

bool is_kind(const Segment& segment, PacketKind kind) {
    switch (kind) {
        case PacketKind::syn: return segment.syn();
        case PacketKind::syn_ack: return segment.syn_ack();
        case PacketKind::rst: return segment.rst();
    }
    return false;
}

const char* word(PacketKind kind) {
    switch (kind) {
        case PacketKind::syn: return "SYN";
        case PacketKind::syn_ack: return "SYN-ACK";
        case PacketKind::rst: return "RST";
    }
    return "packet";
}

/// Why a host on the way did not pass the packet on, where its kernel told.
void tell_drop(Finding& finding, const Story& story, const Flow& flow, const Sighting& seen) {
    const std::uint32_t seq = seen.entered.front()->as<Segment>()->seq;
    for (const Event* event : story.unmatched_events(flow)) {
        const Drop* drop = event->as<Drop>();
        if (!drop || drop->icmp || event->witness != seen.witness || drop->seq != seq) continue;
        const std::string hook = netfilter_hook(drop->caller);
        finding.reasons.push_back(fmt::format("{} dropped it: {}{}", place(story, seen.witness), printable(drop->reason), hook.empty() ? "" : " at its " + hook + " hook"));
        cite(finding, event);
        return;
    }
}

}  // namespace

std::optional<WitnessId> tell_origin(Finding& finding, const Story& story, const Flow& flow, const Endpoint& source, PacketKind kind) {
    for (const Sighting& seen : sightings(story, flow, source, kind)) {
        if (seen.left.empty() || !seen.entered.empty()) continue;
        finding.reasons.push_back(fmt::format("the {} was first seen leaving {} on {} and never came in there: {} made it", word(kind),
                                              place(story, seen.witness), interface_name(story, *seen.left.front()),
                                              place(story, seen.witness)));
        cite(finding, seen.left);
        if (kind == PacketKind::rst) tell_reject(finding, story, firewall_reset(story, flow, seen.witness));
        return seen.witness;
    }
    return std::nullopt;
}

std::optional<WitnessId> tell_loss(Finding& finding, const Story& story, const Flow& flow, const Endpoint& source, PacketKind kind) {
    const Connection* c = finding.connections.empty() ? nullptr : story.connection(finding.connections.front());
    const Connection* other = c ? story.other_end(*c) : nullptr;
    const auto meant_for = [&](WitnessId witness) {  // it was not to leave that host
        return (c && c->witness == witness && c->flow.local != source) || (other && other->witness == witness && other->flow.local != source);
    };
    for (const Sighting& seen : sightings(story, flow, source, kind)) {
        if (seen.entered.empty() || !seen.left.empty() || meant_for(seen.witness)) continue;
        finding.reasons.push_back(fmt::format("the {} came into {} on {} and never left it", word(kind), place(story, seen.witness),
                                              interface_name(story, *seen.entered.front())));
        cite(finding, seen.entered);
        tell_drop(finding, story, flow, seen);
        return seen.witness;
    }
    return std::nullopt;
}

bool bare_resets_told(const Story& story, WitnessId witness) {
    return story.any_recording(witness, [](const Recording& recording) {
        return recording.tells("reset_sent") && std::all_of(recording.probes.begin(), recording.probes.end(), [](const ProbeStatus& probe) {
                   return probe.name != "answer_reset" || probe.attached() || probe.status.find("not needed") != std::string::npos;
               });
    });
}

const Event* firewall_reset(const Story& story, const Flow& flow, WitnessId witness) {
    for (const Event* event : story.unmatched_events(flow))
        if (const ResetSent* reset = event->as<ResetSent>(); reset && reset->firewall_hook && event->witness == witness) return event;
    return nullptr;
}

const Event* firewall_reset(const Story& story, const Connection& c) {
    for (const Event& event : c.events)
        if (const ResetSent* reset = event.as<ResetSent>(); reset && reset->firewall_hook) return &event;
    return firewall_reset(story, c.flow, c.witness);
}

bool tell_reject(Finding& finding, const Story& story, const Event* reset) {
    if (!reset) return false;
    finding.reasons.push_back(fmt::format("the packet filter of {} made the RST (reject at {})", place(story, reset->witness),
                                          reset->as<ResetSent>()->firewall_hook_name()));
    cite(finding, reset);
    return true;
}

bool packets_seen(const Story& story, WitnessId witness) {
    return story.any_recording(witness, [](const Recording& recording) { return recording.packets_seen(); });
}

bool resets_told(const Story& story, WitnessId witness) {
    return story.any_recording(witness, [](const Recording& recording) { return recording.tells("reset_sent"); });
}

bool calls_told(const Story& story, WitnessId witness) {
    return story.any_recording(witness, [](const Recording& recording) { return recording.tells("call_exit"); });
}

bool watched(const Story& story, WitnessId witness, const Finding& finding) {
    const Connection* c = finding.connections.empty() ? nullptr : story.connection(finding.connections.front());
    return watched(story, witness, c ? c->witness : witness, finding.first_ns, finding.last_ns);
}

bool watched(const Story& story, WitnessId witness, WitnessId asking, std::uint64_t from_ns, std::uint64_t to_ns) {
    return story.blind(witness, Evidence::packets, asking, from_ns, to_ns) != Blind::outside;
}

void lean_on(Finding& finding, WitnessId witness, Evidence of, std::uint64_t until_ns) {
    const auto same = [&](const Absence& one) { return one.witness == witness && one.of == of && !one.by; };
    const auto known = std::find_if(finding.absences.begin(), finding.absences.end(), same);
    if (known == finding.absences.end())
        finding.absences.push_back({witness, of, until_ns});
    else
        known->until_ns = std::max(known->until_ns, until_ns);
}

void lean_on_arrival(Finding& finding, WitnessId silent, WitnessId sender) { finding.absences.push_back({silent, Evidence::packets, 0, sender}); }

Homes::Homes(const Story& story) : story_(story) {
    for (WitnessId id = 0; id < story.witnesses.size(); ++id) {
        const Witness& witness = story.witnesses[id];
        if (witness.on_path) continue;
        for (const Address& stated : witness.addresses) add(stated, id);
        for (const RecordingId recording : witness.recordings)
            if (recording < story.recordings.size())
                for (const Address& address : story.recordings[recording].addresses_of(witness)) add(address, id);
    }
    for (const Witness& witness : story.witnesses) stated_.insert(witness.addresses.begin(), witness.addresses.end());
    for (const Connection& c : story.with(trait::listener))
        if (c.flow.local.address.unspecified() && !on_path(c.witness)) wildcards_[c.flow.local.port].insert(c.witness);
}

bool Homes::on_path(WitnessId witness) const { return witness < story_.witnesses.size() && story_.witnesses[witness].on_path; }

void Homes::add(const Address& address, WitnessId witness) {
    if (!address.unspecified() && !address.loopback()) homes_[address].insert(witness);
}

std::optional<WitnessId> Homes::guess(const Endpoint& endpoint, WitnessId asking) const {
    const auto at_port = wildcards_.find(endpoint.port);
    if (at_port == wildcards_.end() || at_port->second.size() != 1 || at_port->second.contains(asking)) return std::nullopt;
    return *at_port->second.begin();
}

std::optional<WitnessId> Homes::of(const Address& address, WitnessId asking) const {
    if (address.loopback()) return asking;
    const auto known = homes_.find(address);
    std::set<WitnessId> homes = known == homes_.end() ? std::set<WitnessId>{} : known->second;
    if (!address.unspecified() && !stated_.contains(address))
        for (const WitnessId witness : story_.witnesses_of(address))
            if (!on_path(witness)) homes.insert(witness);
    if (homes.contains(asking)) return asking;
    return homes.size() == 1 ? std::optional(*homes.begin()) : std::nullopt;  // private addresses may be used twice
}

/// Those that came to one port, made when one of it is asked for.
const std::vector<const Connection*>& Strangers::at(const Way& way) const {
    static const std::vector<const Connection*> none;
    if (made_.emplace(way.witness, way.to_port).second) {
        for (const Connection* c : story_.at_port(way.witness, way.to_port))
            if (!c->conversation && c->role == Role::server && c->flow.complete() && (c->embryonic || c->has(sign::syn_in))) by_way_[{c->witness, c->flow.peer.address, c->flow.local.port}].push_back(c);
        for (auto& [other, all] : by_way_)
            if (other.witness == way.witness && other.to_port == way.to_port)
                std::stable_sort(all.begin(), all.end(), [](const Connection* a, const Connection* b) { return a->begin_ns < b->begin_ns; });
    }
    const auto known = by_way_.find(way);
    return known == by_way_.end() ? none : known->second;
}

const Connection* Strangers::like(const Connection& client, WitnessId witness) const {
    constexpr std::uint64_t slack_ns = 2'000'000'000;  // on its way, and between two clocks
    const auto& all = at({witness, client.flow.local.address, client.flow.peer.port});
    const std::uint64_t from_ns = client.begin_ns - std::min(client.begin_ns, slack_ns);
    const auto first = std::lower_bound(all.begin(), all.end(), from_ns, [](const Connection* c, std::uint64_t ns) { return c->begin_ns < ns; });
    return first != all.end() && (*first)->begin_ns <= client.end_ns + slack_ns ? *first : nullptr;
}

bool surely_unseen(Finding& f, const Story& story, const Connection& client, WitnessId witness, std::optional<Strangers>& strangers) {
    if (!strangers) strangers.emplace(story);
    const Connection* const stranger = strangers->like(client, witness);
    if (!stranger) return true;
    f.reasons.push_back(fmt::format("{} saw a handshake from {} that is nobody's here: it may be this one, under other numbers", place(story, witness), stranger->flow.peer.text()));
    f.settle = fmt::format("compare it with connection #{}: a device on the path may rewrite ports and sequence numbers, and records may be missing", stranger->id);
    return false;
}

namespace {

void add_sight(std::vector<Sighting>& all, const Event* event) {
    auto at = std::find_if(all.begin(), all.end(), [&](const Sighting& one) { return one.witness == event->witness; });
    if (at == all.end()) at = all.insert(all.end(), Sighting{event->witness, {}, {}});
    (event->as<Segment>()->outgoing ? at->left : at->entered).push_back(event);
}

}  // namespace

std::vector<Sighting> sightings(const Story& story, const Flow& flow, const Endpoint& source, PacketKind kind) {
    std::vector<Sighting> all;
    for (const Event* event : story.unmatched_packets(flow)) {
        const Segment& segment = *event->as<Segment>();
        const Endpoint& sender = segment.outgoing ? event->flow.local : event->flow.peer;
        if (is_kind(segment, kind) && sender == source) add_sight(all, event);
    }
    return all;
}

std::vector<Sighting> sightings_of_syns(const Story& story, const Connection& c) {
    std::vector<Sighting> all = sightings(story, c.flow, c.flow.local, PacketKind::syn);
    if (!c.local_isn) return all;
    for (const Event* event : story.unmatched_syns(*c.local_isn)) {
        const bool same_tuple = event->flow == c.flow || event->flow.reversed() == c.flow;
        if (!same_tuple && event->witness != c.witness) add_sight(all, event);
    }
    return all;
}

}  // namespace tcpwitness
