#include "parsers/icmp_about.h"

#include <set>

namespace tcpwitness {

namespace {

constexpr std::size_t most_ways = 1u << 18;
constexpr std::uint64_t late_ns = 10'000'000'000;  // a last router gives up asking for a neighbour after 3 s

/// The destination itself sends it, as a rule.
bool from_destination(const IcmpRow& error) { return error.v6 ? error.type == 1 && error.code == 4 : error.type == 3 && (error.code == 2 || error.code == 3); }

}  // namespace

void IcmpAbout::sent(const Flow& from_to, std::uint32_t seq, std::uint64_t time_ns) {
    for (const bool back : {false, true}) {
        const Flow flow = back ? from_to.reversed() : from_to;
        Ways& ways = by_sender_[flow.local.address];
        auto way = ways.find(flow);
        if (way == ways.end()) {
            if (ways_ >= most_ways) return;
            ++ways_;
            way = ways.emplace(flow, Way{}).first;
        }
        (back ? way->second.heard_ns : way->second.sent_ns) = time_ns;
        if (!back) way->second.seq = seq;
    }
}

IcmpAbout::About IcmpAbout::about(const PacketRow& row, std::uint64_t time_ns) const {
    const IcmpRow& error = *row.icmp;
    const Address& receiver = error.from.family == Address::Family::none ? row.destination : error.from;
    if (error.seq) return {Answer::found, {{receiver, error.from_port}, {error.about, error.about_port}}, *error.seq};
    const auto of = by_sender_.find(receiver);
    if (of == by_sender_.end()) return {Answer::of_others, {}, 0};
    const bool named = error.about.family != Address::Family::none;
    const Ways::value_type* latest = nullptr;
    bool known = !named;
    std::set<Endpoint> asked;
    for (const Ways::value_type& one : of->second) {
        const auto& [flow, way] = one;
        if (named && flow.peer.address != error.about) continue;
        if (error.about_port && flow.peer.port != error.about_port) continue;
        known = true;
        if (!named && from_destination(error) && (flow.peer.address != row.source || way.heard_ns)) continue;  // it may be about UDP: only who got no answer yet
        const bool waits = way.sent_ns && way.sent_ns > way.heard_ns && way.sent_ns <= time_ns && time_ns - way.sent_ns <= late_ns;
        if (!waits) continue;
        asked.insert(flow.peer);
        if (!latest || way.sent_ns >= latest->second.sent_ns) latest = &one;
    }
    if (!known) return {Answer::of_others, {}, 0};
    if (!latest || (!named && asked.size() > 1)) return {};
    return {Answer::found, latest->first, latest->second.seq};
}

}  // namespace tcpwitness
