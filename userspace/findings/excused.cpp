#include "findings/excused.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include <fmt/format.h>

#include "base/text.h"
#include "findings/benign.h"
#include "findings/facts.h"
#include "findings/packets_alone.h"

namespace tcpwitness {

namespace {

constexpr const char* id = "unexplained";  // no rule is heard about these

// --- fallback ---
constexpr std::uint64_t at_once_ns = 50'000'000;     ///< from the refusal of one address to the try of the other, by one program
constexpr std::uint64_t within_ns = 1'000'000'000;  ///< from the first address tried to the one that answered: nobody waits for that

bool never_open(const Connection& c) { return c.role == Role::client && !c.embryonic && !c.established_ns && !c.has(sign::established) && !c.preexisting; }

bool failed_connecting(const Connection& c) {
    return never_open(c) && c.has(sign::syn_sent | sign::syn_out | sign::connect_called) && (c.error || !c.live() || c.ending == Ending::refused);
}

using Caller = std::tuple<WitnessId, std::uint32_t, std::uint16_t>;  // its process and the port

/// Connections that came through and may have taken the place of one that failed: to an address of the other family, or of loopback. Ascending by id.
std::vector<const Connection*> winners(const Story& story, const std::map<Caller, std::vector<const Connection*>>& failed) {
    using Family = Address::Family;
    std::vector<const Connection*> all;
    for (const auto& [caller, connections] : failed)
        for (const Family family : {Family::none, Family::ipv4, Family::ipv6, Family::name}) {
            const auto may_replace = [&](const Connection* c) { return c->flow.peer.address.family != family || c->flow.peer.address.loopback(); };
            if (std::none_of(connections.begin(), connections.end(), may_replace)) continue;
            for (const Connection* c : story.called_by(std::get<0>(caller), std::get<1>(caller), std::get<2>(caller), family))
                if (c->established_ns) all.push_back(c);
        }
    std::sort(all.begin(), all.end(), [](const Connection* a, const Connection* b) { return a->id < b->id; });
    return all;
}

/// Two addresses of one service, as names have them: IPv6 and IPv4, or both of localhost. Two hosts of one family are two servers, and one of them is down.
bool same_service(const Endpoint& one, const Endpoint& other) {
    if (one.port != other.port || one.address == other.address) return false;
    return one.address.family != other.address.family || (one.address.loopback() && other.address.loopback());
}

// --- scans ---
constexpr std::size_t many = 20;  ///< ports of one host, or hosts
constexpr std::uint64_t scan_span_ns = 60'000'000'000;
constexpr std::uint64_t slow_scan_ns = 3'000'000'000;  ///< from one to the next, on average: SYNs that nobody answers are waited for
constexpr std::uint64_t next_to_nothing = 2;  ///< bytes; SYN and FIN count

std::uint64_t bytes_of(const Connection& c) {
    if (c.wire) return c.wire->client.bytes + c.wire->server.bytes;
    const Event* event = last<Destroy>(c);
    const Destroy* total = event ? event->as<Destroy>() : nullptr;
    if (total) return total->bytes_acked + total->bytes_received;
    return c.live() && c.established_ns ? next_to_nothing + 1 : 0;
}

bool in_vain(const Connection& c) { return c.has(sign::knock) || c.embryonic || (!c.established_ns && !c.has(sign::established)); }

struct Tried {
    std::vector<const Connection*> all;
    std::set<std::uint16_t> ports;
    std::set<Address> hosts;

    void add(const Connection& c, std::uint16_t port, const Address& host) {
        all.push_back(&c);
        ports.insert(port);
        hosts.insert(host);
    }
    /// Each once or twice, within a minute or one after the other, most of them in vain, and nothing sent where it came through.
    bool scan(std::size_t distinct) const {
        if (distinct < many || all.size() > distinct * 3) return false;
        const auto vain = static_cast<std::size_t>(std::count_if(all.begin(), all.end(), [](const Connection* c) { return in_vain(*c); }));
        if (vain * 10 < all.size() * 7) return false;
        const auto [first, last] = std::minmax_element(all.begin(), all.end(), [](const Connection* a, const Connection* b) { return a->begin_ns < b->begin_ns; });
        return (*last)->begin_ns - (*first)->begin_ns <= std::max<std::uint64_t>(scan_span_ns, all.size() * slow_scan_ns);
    }
    /// One after the other, as a sweep goes: backends that are all down have addresses of any kind.
    bool neighbours() const {
        if (hosts.empty() || hosts.begin()->family != hosts.rbegin()->family) return false;
        const auto tail = [](const Address& address) {
            const std::size_t size = address.family == Address::Family::ipv6 ? 16 : 4;
            std::uint32_t number = 0;
            for (std::size_t i = size - 4; i < size; ++i) number = number << 8 | address.bytes[i];
            return number;
        };
        std::uint32_t low = UINT32_MAX, high = 0;
        for (const Address& host : hosts) low = std::min(low, tail(host)), high = std::max(high, tail(host));
        return high - low < hosts.size() * 4;
    }
};

}  // namespace

Excused::Excused(const Story& story) {
    scans(story);
    fallbacks(story);
}

bool Excused::covers(const Finding& finding) const {
    return !by_.empty() && !finding.connections.empty() && std::all_of(finding.connections.begin(), finding.connections.end(), [&](ConnectionId one) { return has(one); });
}

void Excused::excuse(const Story& story, const Connection& c, const char* pattern, std::string where) {
    if (has(c.id)) return;
    Finding f = harmless(pattern, id, c, c.live() ? c.begin_ns : c.end_ns, std::move(where));
    by_.emplace(c.id, harmless_.size());
    if (const Connection* other = story.other_end(c); other && other != &c) {
        add_end(f, other);
        by_.emplace(other->id, harmless_.size());
    }
    harmless_.push_back(std::move(f));
}

void Excused::fallbacks(const Story& story) {
    std::map<Caller, std::vector<const Connection*>> failed;
    const auto caller = [](const Connection& c) { return Caller{c.witness, c.owner.pid, c.flow.peer.port}; };
    for (const Connection& c : story.with(trait::unopened))
        if (c.owner.known() && failed_connecting(c)) failed[caller(c)].push_back(&c);
    loopback_fallbacks(story);
    if (failed.empty()) return;
    for (const Connection* one : winners(story, failed)) {
        const Connection& winner = *one;
        const auto before = failed.find(caller(winner));
        if (before == failed.end()) continue;
        for (const Connection* c : before->second) {
            if (!same_service(c->flow.peer, winner.flow.peer) || *winner.established_ns < c->begin_ns || *winner.established_ns - c->begin_ns > within_ns) continue;
            excuse(story, *c, benign::fallback, fmt::format("{}{}: {}, then {}", printable(c->owner.comm), at_place(story, *c), c->flow.peer.text(), winner.flow.peer.text()));
        }
    }
}

/// By packets alone no process is known: ::1 and 127.0.0.1 with one port are one service all the same, "localhost".
void Excused::loopback_fallbacks(const Story& story) {
    std::map<std::pair<WitnessId, std::uint16_t>, std::vector<const Connection*>> failed;
    for (const Connection& c : story.with(trait::captured))
        if (by_packets(c) && c.flow.peer.address.loopback() && never_open(c) && c.ending == Ending::refused) failed[{c.witness, c.flow.peer.port}].push_back(&c);
    if (failed.empty()) return;
    for (const Connection& winner : story.with(trait::captured)) {
        if (!by_packets(winner) || winner.role != Role::client || !winner.established_ns || !winner.flow.peer.address.loopback()) continue;
        const auto before = failed.find({winner.witness, winner.flow.peer.port});
        if (before == failed.end()) continue;
        for (const Connection* c : before->second) {
            const bool at_once = winner.begin_ns >= c->begin_ns && winner.begin_ns - c->begin_ns <= at_once_ns && *winner.established_ns - c->begin_ns <= within_ns;
            if (!at_once || c->flow.peer.address.family == winner.flow.peer.address.family) continue;
            excuse(story, *c, benign::fallback, fmt::format("{}: {}, then {}", c->flow.local.address.text(), c->flow.peer.text(), winner.flow.peer.text()));
        }
    }
}

void Excused::scans(const Story& story) {
    std::map<std::tuple<WitnessId, std::uint32_t, Address, Address>, Tried> ports_of_peer, ports_here;  // who: its process, or nobody known; from and to
    std::map<std::tuple<WitnessId, std::uint32_t, Address, std::uint16_t>, Tried> hosts;
    for (const Connection& c : story.with(sign::ended | trait::unopened | trait::captured)) {
        if (c.is_listener() || c.preexisting || bytes_of(c) > next_to_nothing) continue;
        if (c.role == Role::client) {
            if (c.flow.peer.port == 0) continue;
            ports_of_peer[{c.witness, c.owner.pid, Address{}, c.flow.peer.address}].add(c, c.flow.peer.port, c.flow.peer.address);
            hosts[{c.witness, c.owner.pid, Address{}, c.flow.peer.port}].add(c, c.flow.peer.port, c.flow.peer.address);
        } else if (c.role == Role::server || c.has(sign::knock) || c.embryonic) {
            // Whose process is known is judged by what that process tried: another one on the scanner's host scans nothing.
            if (const Connection* other = story.other_end(c); other && other->owner.known()) continue;
            ports_here[{c.witness, 0, c.flow.peer.address, c.flow.local.address}].add(c, c.flow.local.port, c.flow.local.address);
        }
    }
    const auto excuse_all = [&](const Tried& tried, const std::string& where) {
        for (const Connection* c : tried.all) excuse(story, *c, benign::scan, where);
    };
    const auto scanner = [&](const Connection& c) { return (c.owner.comm.empty() ? c.flow.local.address.text() : printable(c.owner.comm)) + at_place(story, c); };
    for (const auto& [key, tried] : ports_of_peer)
        if (tried.scan(tried.ports.size()))
            excuse_all(tried, fmt::format("{} -> {}, {} ports", scanner(*tried.all.front()), std::get<3>(key).text(), tried.ports.size()));
    for (const auto& [key, tried] : hosts)
        if (tried.scan(tried.hosts.size()) && tried.neighbours())
            excuse_all(tried, fmt::format("{} -> port {} of {} hosts", scanner(*tried.all.front()), std::get<3>(key), tried.hosts.size()));
    for (const auto& [key, tried] : ports_here)
        if (tried.scan(tried.ports.size()))
            excuse_all(tried, fmt::format("{} -> {}{}, {} ports", std::get<2>(key).text(), std::get<3>(key).text(), at_place(story, *tried.all.front()), tried.ports.size()));
}

}  // namespace tcpwitness
