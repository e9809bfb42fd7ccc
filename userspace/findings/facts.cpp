#include "findings/facts.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "findings/packets_alone.h"

namespace tcpwitness {

std::string who(const Task& task) {
    if (!task.known()) return {};
    return task.comm.empty() ? fmt::format("pid {}", task.pid) : fmt::format("{}[{}]", printable(task.comm), task.pid);
}

std::string who(const Connection& c) { return c.owner.known() ? who(c.owner) : by_packets(c) ? c.flow.local.text() : "an unknown process"; }

std::string place(const Story& story, WitnessId witness) {
    if (witness >= story.witnesses.size()) return fmt::format("witness {}", witness);
    const Witness& one = story.witnesses[witness];
    return printable(one.name.empty() ? one.host : one.name);
}

std::string at_place(const Story& story, const Connection& c) {
    if (story.witnesses.size() < 2) return {};
    const std::string where = place(story, c.witness);
    return (where.starts_with("on the path") ? " " : " on ") + where;
}

std::string killer(const ProcessExit& exit) { return exit.out_of_memory ? fmt::format("the kernel's OOM killer ({})", signal_name(exit.signal())) : signal_name(exit.signal()); }

std::string intervals_text(const std::vector<std::uint64_t>& times_ns) {
    constexpr std::size_t most = 8;
    std::string text;
    const std::size_t gaps = times_ns.empty() ? 0 : times_ns.size() - 1;
    for (std::size_t i = 0; i < gaps && i < most; ++i) {
        text += i == 0 ? "after " : i + 1 == gaps ? " and " : ", ";
        text += since(times_ns[i], times_ns[i + 1]);
    }
    if (gaps > most) text += fmt::format(", ... ({} in all)", gaps);
    return text;
}

bool on_this_host(const Connection& c) { return c.flow.peer.address.loopback() || c.flow.peer.address == c.flow.local.address; }

std::string record_on(const Address& address) {
    // The other end of a loopback session is this host: what is missing was lost, or this kernel does not tell it.
    if (address.loopback()) return "record here with `tcpwitness record`, with nothing lost (--buffer)";
    return fmt::format("record on {} at the same time", address.text());
}

std::string since(std::uint64_t from_ns, std::uint64_t to_ns) { return duration_text(to_ns > from_ns ? to_ns - from_ns : 0); }

namespace {

/// A packet passes several devices of one host (VLAN, bridge, bond) and is seen on each: that is one packet.
std::vector<const Event*> once_each(std::vector<const Event*> packets) {
    constexpr std::uint64_t same_within_ns = 100'000;
    constexpr std::ptrdiff_t most_devices = 4;
    std::vector<const Event*> distinct;
    for (const Event* packet : packets) {
        const Segment& segment = *packet->as<Segment>();
        const auto recent = std::ssize(distinct) > most_devices ? distinct.end() - most_devices : distinct.begin();
        const bool again = std::any_of(recent, distinct.end(), [&](const Event* seen) {
            const Segment& other = *seen->as<Segment>();
            return other.seq == segment.seq && other.interface != segment.interface && packet->time_ns - seen->time_ns < same_within_ns;
        });
        if (!again) distinct.push_back(packet);
    }
    return distinct;
}

}  // namespace

std::vector<const Event*> resets_in(const Connection& c) {
    if (!c.has(sign::rst_in)) return {};
    return once_each(packets(c, [](const Segment& segment) { return segment.rst() && !segment.outgoing; }));
}

std::vector<const Event*> syns_sent(const Connection& c) {
    auto syns = once_each(packets(c, [](const Segment& segment) { return segment.syn() && segment.outgoing; }));
    if (!syns.empty()) return syns;
    for (const Event& event : c.events) {
        const StateChange* change = event.as<StateChange>();
        const Retransmit* again = event.as<Retransmit>();
        if ((change && change->to == TcpState::syn_sent) || (again && again->what == Retransmit::What::syn)) syns.push_back(&event);
    }
    return syns;
}

const Event* failed_connect(const Connection& c) {
    for (auto event = c.events.rbegin(); event != c.events.rend(); ++event)
        if (const Call* call = event->as<Call>(); call && call->op == Call::Op::connect && call->phase == Call::Phase::exit && call->ret == -c.error)
            return &*event;
    return nullptr;
}

const Event* icmp_refusal(const Connection& c) {
    if (!c.has(sign::icmp_error)) return nullptr;
    for (auto event = c.events.rbegin(); event != c.events.rend(); ++event)
        if (const Icmp* icmp = event->as<Icmp>(); icmp && !icmp->outgoing && !icmp->too_big()) return &*event;
    return nullptr;
}

bool refuses(const Icmp& icmp) { return icmp.v6 ? icmp.type == 1 && icmp.code == 4 : icmp.type == 3 && (icmp.code == 2 || icmp.code == 3); }

void cite(Finding& finding, const Event* event) {
    if (event && event->id) finding.evidence.push_back(event->id);
}

void cite(Finding& finding, const std::vector<const Event*>& events) {
    for (const Event* event : events) cite(finding, event);
}

std::string interface_name(const Story& story, const Event& packet) {
    const Segment* segment = packet.as<Segment>();
    if (!segment || segment->interface >= story.interfaces.size()) return "an unknown device";
    return printable(story.interfaces[segment->interface].name);
}

Finding about(const char* rule, Culprit culprit, Certainty certainty, const Connection& connection, std::uint64_t time_ns) {
    Finding finding;
    finding.rule = rule;
    finding.culprit = culprit;
    finding.certainty = certainty;
    finding.connections = {connection.id};
    finding.first_ns = finding.last_ns = time_ns;
    return finding;
}

void add_end(Finding& finding, const Connection* other) {
    if (other && std::find(finding.connections.begin(), finding.connections.end(), other->id) == finding.connections.end())
        finding.connections.push_back(other->id);
}

std::set<ConnectionId> regular_resets(const std::map<std::string, std::vector<const Connection*>>& groups) {
    constexpr std::size_t enough = 3;
    constexpr std::uint64_t short_life_ns = 1'000'000'000, most_bytes = 4096, least_spacing_ns = 100'000'000;
    std::set<ConnectionId> regular;
    for (const auto& [key, members] : groups) {
        std::vector<const Connection*> candidates;
        for (const Connection* c : members) {
            const Event* destroyed = last<Destroy>(*c);
            const Destroy* total = destroyed ? destroyed->as<Destroy>() : nullptr;
            const std::uint64_t bytes = total ? total->bytes_acked + total->bytes_received : c->wire ? c->wire->client.bytes + c->wire->server.bytes : 0;
            const bool small = bytes <= most_bytes;
            if (small && c->end_ns - c->begin_ns <= short_life_ns) candidates.push_back(c);
        }
        if (candidates.size() < enough || candidates.size() != members.size()) continue;
        std::sort(candidates.begin(), candidates.end(), [](const auto* a, const auto* b) { return a->begin_ns < b->begin_ns; });
        std::vector<std::uint64_t> spacing;
        for (std::size_t i = 1; i < candidates.size(); ++i) spacing.push_back(candidates[i]->begin_ns - candidates[i - 1]->begin_ns);
        std::vector<std::uint64_t> sorted = spacing;
        std::sort(sorted.begin(), sorted.end());
        const std::uint64_t usual = sorted[sorted.size() / 2];
        if (usual < least_spacing_ns) continue;
        // Two that check one port at paces of their own, or a check that comes late, spoil some of the steps.
        const auto near = std::count_if(spacing.begin(), spacing.end(), [&](std::uint64_t one) { return one >= usual - usual / 4 && one <= usual + usual / 4; });
        const bool even = static_cast<std::size_t>(near) * 10 >= spacing.size() * 6;
        if (!even) continue;
        for (const Connection* c : candidates) regular.insert(c->id);
    }
    return regular;
}

}  // namespace tcpwitness
