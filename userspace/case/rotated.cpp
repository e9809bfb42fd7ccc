#include "case/rotated.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "model/address.h"
#include "parsers/capture_reader.h"
#include "parsers/packet.h"
#include "parsers/packet_headers.h"
#include "parsers/pcapng_format.h"
#include "sources/source_file.h"

namespace tcpwitness {

namespace {

constexpr std::size_t at_an_end = 4'000;                ///< TCP packets that are looked at on both sides of a seam
constexpr std::uint64_t disorder_ns = 1'000'000'000;    ///< packets of several interfaces
constexpr std::uint64_t quiet_ns = 600'000'000'000;     ///< between parts that no session joins

/// What tells where a packet was seen.
struct Seen {
    std::array<std::uint8_t, 6> mac{};
    std::uint8_t ttl = 0;
    std::int8_t direction = 0;

    auto operator<=>(const Seen&) const = default;
};

using Ways = std::map<Flow, Seen>;               ///< `local` is the sender
using Hosts = std::map<Address, std::set<Seen>>;  ///< a host may begin with several TTLs

struct Extent {
    std::size_t place = 0;  ///< among the files that were given
    std::string file;
    std::uint64_t first_ns = 0, last_ns = 0;
    std::set<std::pair<std::uint16_t, std::string>> interfaces;
    Ways head, tail;
    Hosts hosts;
};

/// Parts that follow each other, and what they showed so far: a session may be silent for as long as several parts take.
struct Chain {
    std::vector<const Extent*> parts;
    Ways tail;
    Hosts hosts;

    void add(const Extent& part) {
        parts.push_back(&part);
        for (const auto& [way, seen] : part.tail) tail[way] = seen;
        for (const auto& [host, seen] : part.hosts) hosts[host].insert(seen.begin(), seen.end());
    }
};

std::optional<Extent> extent_of(const std::string& file, std::size_t place) {
    struct stat status {};
    if (stat(file.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return std::nullopt;
    auto opened = open_source(file);
    if (!opened || opened->source->kind != SourceKind::capture) return std::nullopt;
    auto reader = open_capture(*opened->bytes);
    if (!reader) return std::nullopt;
    Extent extent;
    extent.place = place;
    extent.file = file;
    std::vector<std::pair<Flow, Seen>> last(at_an_end);
    std::size_t count = 0;
    CapturedPacket captured;
    Packet packet;
    while (true) {
        const auto more = (*reader)->next(captured);
        if (!more || !*more) break;
        if (captured.has_time) {
            if (extent.first_ns == 0 || captured.time_ns < extent.first_ns) extent.first_ns = captured.time_ns;
            extent.last_ns = std::max(extent.last_ns, captured.time_ns);
        }
        decode_packet(captured.link_type, captured.data, captured.original_length, packet);
        if (packet.kind != Packet::Kind::tcp) continue;
        const std::uint32_t told = captured.flags & pcapng::direction_mask;
        const Seen seen{packet.source_mac, packet.ttl, static_cast<std::int8_t>(told == pcapng::flag_inbound ? -1 : told == pcapng::flag_outbound ? 1 : packet.direction)};
        const Flow way = flow_of(packet);
        if (count < at_an_end) {
            extent.head.emplace(way, seen);
            extent.hosts[packet.source].insert(seen);
        }
        last[count++ % at_an_end] = {way, seen};
    }
    if (count == 0) return std::nullopt;
    const std::size_t kept = std::min(count, at_an_end);
    for (std::size_t i = 0; i < kept; ++i) {
        const auto& [way, seen] = last[(count - kept + i) % at_an_end];
        extent.tail[way] = seen;
        extent.hosts[way.local.address].insert(seen);
    }
    for (const CaptureInterface& interface : (*reader)->interfaces()) extent.interfaces.emplace(interface.link_type, interface.name);
    return extent;
}

/// Some, and nearly all of those that both have, were seen alike.
bool mostly(std::size_t same, std::size_t different) { return same > 0 && different * 4 <= same; }

bool sessions_go_on(const Chain& before, const Ways& after) {
    std::size_t same = 0, different = 0;
    for (const auto& [way, seen] : after)
        if (before.tail.contains(way)) ++(before.hosts.at(way.local.address).contains(seen) ? same : different);
    return mostly(same, different);
}

bool hosts_alike(const Hosts& before, const Hosts& after) {
    std::size_t same = 0, different = 0;
    for (const auto& [host, seen] : after)
        if (const auto known = before.find(host); known != before.end())
            ++(std::any_of(seen.begin(), seen.end(), [&](const Seen& one) { return known->second.contains(one); }) ? same : different);
    return mostly(same, different);
}

std::string without_digits(const std::string& file) {
    std::string rest;
    for (const char c : file)
        if (!std::isdigit(static_cast<unsigned char>(c))) rest += c;
    return rest;
}

bool goes_on(const Chain& chain, const Extent& after) {
    const Extent& before = *chain.parts.back();
    if (after.first_ns + disorder_ns < before.last_ns || after.last_ns <= before.last_ns || before.interfaces != after.interfaces) return false;
    if (sessions_go_on(chain, after.head)) return true;
    const std::uint64_t apart = after.first_ns > before.last_ns ? after.first_ns - before.last_ns : 0;
    return apart <= quiet_ns && without_digits(before.file) == without_digits(after.file) && hosts_alike(chain.hosts, after.hosts);
}

}  // namespace

std::vector<std::vector<std::string>> capture_groups(const std::vector<std::string>& files) {
    std::vector<Extent> extents;
    if (files.size() > 1)
        for (std::size_t i = 0; i < files.size(); ++i)
            if (auto extent = extent_of(files[i], i)) extents.push_back(std::move(*extent));
    std::stable_sort(extents.begin(), extents.end(), [](const Extent& a, const Extent& b) { return a.first_ns < b.first_ns; });
    std::vector<Chain> chains;
    for (const Extent& extent : extents) {
        const auto chain = std::find_if(chains.begin(), chains.end(), [&](const Chain& one) { return goes_on(one, extent); });
        (chain == chains.end() ? chains.emplace_back() : *chain).add(extent);
    }
    std::map<std::size_t, std::vector<std::string>> groups;  // by the first place of each
    std::set<std::size_t> placed;
    for (const Chain& chain : chains) {
        std::size_t first = files.size();
        std::vector<std::string> names;
        for (const Extent* part : chain.parts) {
            first = std::min(first, part->place);
            placed.insert(part->place);
            names.push_back(part->file);
        }
        groups.emplace(first, std::move(names));
    }
    for (std::size_t i = 0; i < files.size(); ++i)
        if (!placed.contains(i)) groups.emplace(i, std::vector<std::string>{files[i]});
    std::vector<std::vector<std::string>> all;
    for (auto& [place, names] : groups) all.push_back(std::move(names));
    return all;
}

}  // namespace tcpwitness
