#include "findings/half_seen.h"

#include <algorithm>

#include "findings/facts.h"

namespace tcpwitness {

namespace {

constexpr std::uint64_t around_ns = 1'000'000'000;

bool passed(const std::vector<Sighting>& all, WitnessId host) {
    return std::any_of(all.begin(), all.end(), [&](const Sighting& one) { return one.witness == host; });
}

}  // namespace

Unseen unseen_step(const Story& story, const Connection& c, WitnessId host) {
    const Connection* other = story.other_end(c);
    if (host == c.witness || (other && host == other->witness)) return Unseen::nothing;
    const bool client = c.role == Role::client;
    const Endpoint& asking = client ? c.flow.local : c.flow.peer;
    const Endpoint& asked = client ? c.flow.peer : c.flow.local;
    const bool syn = passed(client ? sightings_of_syns(story, c) : sightings(story, c.flow, asking, PacketKind::syn), host);
    const bool syn_ack = passed(sightings(story, c.flow, asked, PacketKind::syn_ack), host);
    if (syn == syn_ack) return Unseen::nothing;
    // A step that its receiver did not get either was lost, and took no other way.
    const auto got = [&](std::uint32_t sign) { return c.has(sign) || (other && other->has(sign)); };
    if (!got(syn ? sign::syn_ack_in : sign::syn_in)) return Unseen::nothing;
    const std::uint64_t until_ns = c.established_ns.value_or(c.begin_ns);
    if (!packets_seen(story, host) || story.blind(host, Evidence::packets, c.witness, c.begin_ns, std::max(c.begin_ns, until_ns), around_ns) != Blind::no) return Unseen::nothing;
    return syn ? Unseen::syn_ack : Unseen::syn;
}

}  // namespace tcpwitness
