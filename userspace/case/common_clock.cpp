#include "case/common_clock.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/text.h"

namespace tcpwitness {

namespace {

/// Takes the times of `of` to those of `to`.
struct Link {
    std::size_t of = 0, to = 0;
    Clock clock;
};

bool same_boot(const TraceInfo& a, const TraceInfo& b) { return !a.boot_id.empty() && a.boot_id == b.boot_id; }

/// B's times to A's turned around.
Clock inverse(const Clock& clock) {
    Clock back = clock;
    back.anchor_ns = clock.common_ns(clock.anchor_ns);
    back.offset_ns = -clock.offset_ns;
    back.drift_ppm = -clock.drift_ppm;
    std::swap(back.earlier_ns, back.later_ns);
    return back;
}

/// First `first`, then `second`: what is not known of either adds up.
Clock chained(const Clock& first, const Clock& second) {
    Clock clock = first;
    const std::uint64_t at = first.common_ns(first.anchor_ns);
    clock.offset_ns = static_cast<std::int64_t>(second.common_ns(at) - first.anchor_ns);
    clock.drift_ppm = first.drift_ppm + second.drift_ppm;
    clock.drift_uncertainty_ppm = first.drift_uncertainty_ppm + second.drift_uncertainty_ppm;
    // The first may be asked about times that the second's segments do not cover.
    const double away = std::abs(static_cast<double>(static_cast<std::int64_t>(at - second.anchor_ns)));
    const auto stray = static_cast<std::uint64_t>(away * second.drift_uncertainty_ppm * 1e-6);
    clock.earlier_ns += second.earlier_ns + stray;
    clock.later_ns += second.later_ns + stray;
    clock.how = std::max(first.how, second.how);
    if (clock.note.empty()) clock.note = second.note;
    return clock;
}

std::string name_of(const Exhibit& exhibit) { return exhibit.info.file.empty() ? exhibit.info.host : exhibit.info.file; }

/// How much a link is worth: lower is better.
std::uint64_t price(const Clock& clock) {
    constexpr std::uint64_t never = ~std::uint64_t{0};
    return clock.told() ? clock.earlier_ns + clock.later_ns : never;
}

struct Ties {
    std::vector<Link> links;  ///< in both directions
    SamePlaces places;
};

Ties find_ties(const std::vector<Exhibit>& exhibits) {
    Ties ties;
    std::vector<Sights> sights;
    for (const Exhibit& exhibit : exhibits) sights.push_back(sights_of(exhibit));
    const auto tie = [&](std::size_t a, std::size_t b, const Clock& clock) {
        ties.links.push_back({b, a, clock});
        ties.links.push_back({a, b, inverse(clock)});
    };
    for (std::size_t a = 0; a < exhibits.size(); ++a)
        for (std::size_t b = a + 1; b < exhibits.size(); ++b) {
            const TraceInfo &one = exhibits[a].info, &other = exhibits[b].info;
            if (same_boot(one, other)) {
                tie(a, b, Clock{});
                for (WitnessId i = 0; i < one.witnesses.size(); ++i)
                    for (WitnessId j = 0; j < other.witnesses.size(); ++j)
                        if (one.witnesses[i].netns == other.witnesses[j].netns) ties.places.push_back({{a, i}, {b, j}});
                continue;
            }
            const Meeting meeting = meet(sights[a], sights[b]);
            if (!meeting.crossings.empty()) tie(a, b, fit_clock(meeting.crossings));
            for (const auto& [i, j] : meeting.same_place) ties.places.push_back({{a, i}, {b, j}});
        }
    return ties;
}

}  // namespace

SamePlaces align_clocks(std::vector<Exhibit>& exhibits) {
    const Ties ties = find_ties(exhibits);
    const auto to_wall = [](const TraceInfo& info) {
        Clock clock;
        clock.anchor_ns = info.started_ns;
        clock.offset_ns = static_cast<std::int64_t>(info.boot_to_wall_ns);
        return clock;
    };
    // From the first recording outwards, the surest link first.
    std::vector<bool> known(exhibits.size(), false);
    exhibits.front().info.clock = to_wall(exhibits.front().info);
    known.front() = true;
    for (std::size_t count = 1; count < exhibits.size(); ++count) {
        const Link* best = nullptr;
        std::uint64_t best_price = 0;
        for (const Link& link : ties.links) {
            if (known[link.of] || !known[link.to]) continue;
            const std::uint64_t all = price(chained(link.clock, exhibits[link.to].info.clock));
            if (best && all >= best_price) continue;
            best = &link;
            best_price = all;
        }
        if (!best) break;
        Clock& clock = exhibits[best->of].info.clock;
        clock = chained(best->clock, exhibits[best->to].info.clock);
        clock.against = name_of(exhibits[best->to]);
        known[best->of] = true;
    }
    for (std::size_t i = 0; i < exhibits.size(); ++i) {
        TraceInfo& info = exhibits[i].info;
        const Clock wall = to_wall(info);
        if (!known[i]) {
            info.clock = wall;
            info.clock.how = Clock::How::wall;
            info.clock.note = "no packet in it was seen by another recording";
        }
        info.clock.wall_offset_ns = static_cast<std::int64_t>(info.clock.common_ns(info.clock.anchor_ns) - wall.common_ns(info.clock.anchor_ns));
    }
    return ties.places;
}

}  // namespace tcpwitness
