// What the trace could have seen, and who saw what on the way.
#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "findings/facts.h"

namespace tcpwitness {

namespace {

bool probes_attached(const Story& story, std::string_view word) {
    return std::all_of(story.info.probes.begin(), story.info.probes.end(), [&](const ProbeStatus& probe) {
        return probe.name.find(word) == std::string::npos || probe.attached();
    });
}

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
    for (const Sighting& seen : sightings(story, flow, source, kind)) {
        if (seen.entered.empty() || !seen.left.empty()) continue;
        finding.reasons.push_back(fmt::format("the {} came into {} on {} and never left it", word(kind), place(story, seen.witness),
                                              interface_name(story, *seen.entered.front())));
        cite(finding, seen.entered);
        tell_drop(finding, story, flow, seen);
        return seen.witness;
    }
    return std::nullopt;
}

bool bare_resets_told(const Story& story) {
    return resets_told(story) && std::all_of(story.info.probes.begin(), story.info.probes.end(), [](const ProbeStatus& probe) {
               return probe.name != "answer_reset" || probe.attached() || probe.status.find("not needed") != std::string::npos;
           });
}

const Event* firewall_reset(const Story& story, const Flow& flow, WitnessId witness) {
    for (const Event* event : story.unmatched_events(flow))
        if (event->as<ResetSent>() && event->witness == witness) return event;
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

bool packets_seen(const Story& story) { return probes_attached(story, "packet"); }
bool resets_told(const Story& story) { return probes_attached(story, "reset_sent"); }
bool calls_told(const Story& story) { return probes_attached(story, "call_exit"); }

Homes::Homes(const Story& story) {
    for (WitnessId id = 0; id < story.info.witnesses.size(); ++id) {
        const auto recorded = story.info.meta.find("netns." + std::to_string(story.info.witnesses[id].netns) + ".addresses");
        if (recorded == story.info.meta.end()) continue;
        for (const std::string_view text : split(recorded->second, ','))
            if (const auto address = Address::parse(trim(text)); address && !address->loopback()) homes_.emplace(*address, id);
    }
    for (const Connection& c : story.connections) {
        if (!c.flow.local.address.unspecified() && !c.flow.local.address.loopback()) homes_.emplace(c.flow.local.address, c.witness);
        if (c.is_listener() && c.flow.local.address.unspecified()) wildcards_[c.flow.local.port].insert(c.witness);
    }
}

std::optional<WitnessId> Homes::guess(const Endpoint& endpoint, WitnessId asking) const {
    const auto at_port = wildcards_.find(endpoint.port);
    if (at_port == wildcards_.end() || at_port->second.size() != 1 || at_port->second.contains(asking)) return std::nullopt;
    return *at_port->second.begin();
}

std::optional<WitnessId> Homes::of(const Address& address, WitnessId asking) const {
    if (address.loopback()) return asking;
    const auto home = homes_.find(address);
    return home == homes_.end() ? std::nullopt : std::optional(home->second);
}

std::vector<Sighting> sightings(const Story& story, const Flow& flow, const Endpoint& source, PacketKind kind) {
    std::vector<Sighting> all;
    for (const Event* event : story.unmatched_packets(flow)) {
        const Segment& segment = *event->as<Segment>();
        const Endpoint& sender = segment.outgoing ? event->flow.local : event->flow.peer;
        if (!is_kind(segment, kind) || sender != source) continue;
        auto at = std::find_if(all.begin(), all.end(), [&](const Sighting& one) { return one.witness == event->witness; });
        if (at == all.end()) at = all.insert(all.end(), Sighting{event->witness, {}, {}});
        (segment.outgoing ? at->left : at->entered).push_back(event);
    }
    return all;
}

}  // namespace tcpwitness
