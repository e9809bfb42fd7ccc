#include "case/crossings.h"

#include <algorithm>
#include <map>
#include <set>

namespace tcpwitness {

namespace {

constexpr std::size_t most_alike = 64;  // more segments with one key are no identity

/// Addresses of each witness, as the user says or the trace; empty: neither does.
std::vector<std::set<Address>> own_addresses(const TraceInfo& info) {
    std::vector<std::set<Address>> all(info.witnesses.size());
    for (WitnessId id = 0; id < info.witnesses.size(); ++id) {
        const auto recorded = info.addresses_of(info.witnesses[id]);
        all[id].insert(info.witnesses[id].addresses.begin(), info.witnesses[id].addresses.end());
        all[id].insert(recorded.begin(), recorded.end());
    }
    return all;
}

class Collector {
public:
    explicit Collector(const TraceInfo& info) : info_(info), own_(own_addresses(info)) {}

    void add(const Event& event) {
        const Segment* segment = event.as<Segment>();
        if (!segment || event.witness >= info_.witnesses.size() || event.flow.local.address.loopback()) return;
        const bool opens = segment->syn() || segment->syn_ack();
        if (!opens && !segment->fin() && !segment->rst() && segment->payload == 0) return;
        SegmentKey key;
        key.seq = segment->seq;
        key.ack = segment->syn() || !(segment->flags & tcp_flag::ack) ? 0 : segment->ack;
        key.payload = segment->payload;
        key.flags = segment->flags & (tcp_flag::syn | tcp_flag::ack | tcp_flag::fin | tcp_flag::rst);
        Sight sight;
        sight.own_ns = event.time_ns;
        sight.witness = event.witness;
        sight.outgoing = segment->outgoing;
        sight.from = segment->outgoing ? event.flow.local : event.flow.peer;
        sight.to = segment->outgoing ? event.flow.peer : event.flow.local;
        sight.tsval = segment->has_timestamps ? segment->tsval : 0;
        sight.ip_id = segment->ip_id;
        sight.ttl = segment->ttl;
        const std::set<Address>& own = own_[event.witness];
        sight.end = !info_.witnesses[event.witness].on_path && (own.empty() || own.contains(event.flow.local.address));
        std::vector<Sight>& alike = sights[key];
        if (alike.size() <= most_alike) alike.push_back(sight);
    }

    Sights sights;

private:
    const TraceInfo& info_;
    std::vector<std::set<Address>> own_;
};

bool same_segment(const Sight& a, const Sight& b) {
    if (a.ip_id && b.ip_id && a.ip_id != b.ip_id) return false;
    return !(a.tsval && b.tsval && a.tsval != b.tsval);
}

std::optional<Crossing::Way> way(const Sight& a, const Sight& b) {
    if (a.end && b.end) {
        if (a.outgoing == b.outgoing) return Crossing::Way::same;
        return a.outgoing ? Crossing::Way::there : Crossing::Way::back;
    }
    if (a.end) return a.outgoing ? Crossing::Way::there : Crossing::Way::back;
    if (b.end) return b.outgoing ? Crossing::Way::back : Crossing::Way::there;
    if (a.ttl && b.ttl && a.ttl != b.ttl) return a.ttl > b.ttl ? Crossing::Way::there : Crossing::Way::back;
    return std::nullopt;
}

/// The sights of one witness in one direction, in order of time: a segment that was sent again stands here again.
using Series = std::map<std::pair<WitnessId, bool>, std::vector<const Sight*>>;

Series series_of(const std::vector<Sight>& alike, const Endpoint* from, const Endpoint* to) {
    Series series;
    for (const Sight& one : alike)
        if (!from || (one.from == *from && one.to == *to)) series[{one.witness, one.outgoing}].push_back(&one);
    for (auto& [place, sights] : series) {
        std::sort(sights.begin(), sights.end(), [](const Sight* a, const Sight* b) { return a->own_ns < b->own_ns; });
        // a bond's member and its master, a bridge's port: one segment within microseconds
        constexpr std::uint64_t copies_ns = 50'000;
        const auto copy = [](const Sight* a, const Sight* b) { return b->own_ns - a->own_ns < copies_ns && a->ip_id == b->ip_id && a->ttl == b->ttl; };
        sights.erase(std::unique(sights.begin(), sights.end(), copy), sights.end());
    }
    return series;
}

/// Pairs of one segment; where it was sent again, each copy with itself or not at all.
std::vector<std::pair<const Sight*, const Sight*>> pairs(const std::vector<const Sight*>& a, const std::vector<const Sight*>& b) {
    std::vector<std::pair<const Sight*, const Sight*>> found;
    const auto told_apart = [](const std::vector<const Sight*>& sights) {
        std::set<std::pair<std::uint16_t, std::uint32_t>> ids;
        for (const Sight* one : sights) ids.emplace(one->ip_id, one->tsval);
        return ids.size() == sights.size();
    };
    if (told_apart(a) && told_apart(b)) {
        for (const Sight* one : a) {
            const Sight* only = nullptr;
            std::size_t fitting = 0;
            for (const Sight* other : b)
                if (same_segment(*one, *other)) only = other, ++fitting;
            if (fitting == 1) found.emplace_back(one, only);
        }
        std::map<const Sight*, std::size_t> taken;
        for (const auto& [one, other] : found) ++taken[other];
        std::erase_if(found, [&](const auto& pair) { return taken[pair.second] > 1; });
        return found;
    }
    if (a.size() != b.size()) return found;
    for (std::size_t i = 0; i < a.size(); ++i)
        if (same_segment(*a[i], *b[i])) found.emplace_back(a[i], b[i]);
    return found;
}

class Matcher {
public:
    explicit Matcher(Meeting& to) : to_(to) {}

    void match(const SegmentKey& key, const std::vector<Sight>& a, const std::vector<Sight>& b) {
        if (a.size() > most_alike || b.size() > most_alike) return;
        std::set<std::pair<Endpoint, Endpoint>> flows_a, flows_b;
        for (const Sight& one : a) flows_a.emplace(one.from, one.to);
        for (const Sight& one : b) flows_b.emplace(one.from, one.to);
        bool shared = false;
        for (const auto& [from, to] : flows_a) {
            if (!flows_b.contains({from, to})) continue;
            shared = true;
            match(series_of(a, &from, &to), series_of(b, &from, &to));
        }
        // An address was translated on the way. A RST may carry any number, so it identifies nothing by it.
        const bool identity = key.flags != tcp_flag::rst && (key.flags & tcp_flag::syn || key.ack);
        if (!shared && identity && alike(flows_a, flows_b)) match(series_of(a, nullptr, nullptr), series_of(b, nullptr, nullptr));
    }

    std::set<std::pair<WitnessId, WitnessId>> places;  ///< as Meeting::same_place

private:
    /// Few enough to be one session under two names: its inside and outside at A, or at B.
    static bool alike(const std::set<std::pair<Endpoint, Endpoint>>& a, const std::set<std::pair<Endpoint, Endpoint>>& b) { return a.size() <= 2 && b.size() <= 2; }

    void match(const Series& a, const Series& b) {
        for (const auto& [place_a, sights_a] : a)
            for (const auto& [place_b, sights_b] : b)
                for (const auto& [one, other] : pairs(sights_a, sights_b)) {
                    const auto known = way(*one, *other);
                    if (!known) continue;
                    to_.crossings.push_back({one->own_ns, other->own_ns, *known});
                    if (*known == Crossing::Way::same) places.insert({one->witness, other->witness});
                }
    }

    Meeting& to_;
};

}  // namespace

Sights sights_of(const Exhibit& exhibit) {
    Collector collector(exhibit.info);
    for (const Event& event : exhibit.events) collector.add(event);
    for (const Connection& connection : exhibit.connections)
        for (const Event& event : connection.events) collector.add(event);
    for (const Event& event : exhibit.unmatched) collector.add(event);
    return std::move(collector.sights);
}

Meeting meet(const Sights& a, const Sights& b) {
    Meeting meeting;
    Matcher matcher(meeting);
    for (const auto& [key, sights] : a)
        if (const auto other = b.find(key); other != b.end()) matcher.match(key, sights, other->second);
    meeting.same_place.assign(matcher.places.begin(), matcher.places.end());
    if (!meeting.same_place.empty())  // bounds add nothing to equality
        std::erase_if(meeting.crossings, [](const Crossing& one) { return one.way != Crossing::Way::same; });
    return meeting;
}

}  // namespace tcpwitness
