#include "correlate/markers.h"

#include <algorithm>
#include <map>
#include <tuple>

#include <fmt/format.h>

namespace tcpwitness {

namespace {

constexpr std::uint64_t same_request_ns = 1'000'000'000;  // on its way past several witnesses, or in two directions over lo

}  // namespace

bool sets_marker(const Event& event) {
    const Icmp* icmp = event.as<Icmp>();
    return icmp && icmp->echo_request();
}

std::vector<Marker> markers(const Story& story) {
    std::vector<const Event*> requests;
    for (const Event& event : story.unmatched)
        if (sets_marker(event)) requests.push_back(&event);
    std::stable_sort(requests.begin(), requests.end(), [](const Event* a, const Event* b) { return a->time_ns < b->time_ns; });

    std::vector<Marker> all;
    std::map<std::string, std::size_t, std::less<>> places;
    std::map<std::tuple<std::size_t, Address, Address, std::uint16_t, std::uint16_t>, std::uint64_t> seen;
    for (const Event* event : requests) {
        const Icmp& icmp = *event->as<Icmp>();
        const std::string name = icmp.marker.empty() ? fmt::format("ping:{}", icmp.echo_payload) : icmp.marker;
        const auto [place, fresh] = places.try_emplace(name, all.size());
        if (fresh) all.push_back({name, icmp.marker.empty(), {}});
        const auto [last, first_time] = seen.try_emplace({place->second, icmp.sender, icmp.receiver, icmp.echo_id, icmp.echo_seq}, event->time_ns);
        if (!first_time && event->time_ns - last->second <= same_request_ns) continue;
        last->second = event->time_ns;
        all[place->second].times_ns.push_back(event->time_ns);
    }
    return all;
}

const Marker* find_marker(const std::vector<Marker>& all, std::string_view name) {
    const auto found = std::find_if(all.begin(), all.end(), [&](const Marker& marker) { return marker.name == name; });
    return found == all.end() ? nullptr : &*found;
}

}  // namespace tcpwitness
