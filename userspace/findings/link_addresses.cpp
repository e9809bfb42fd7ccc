#include "findings/link_addresses.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "findings/device_facts.h"
#include "findings/facts.h"
#include "model/describe.h"

namespace tcpwitness {

namespace {

/// A device's fact reads "up, veth, mtu 1500, 02:00:00:00:00:01, part of br0".
bool has_address(const Environment& device, const std::string& mac) { return device.after.find(", " + mac) != std::string::npos; }

bool tells_address(const Environment& device) {
    const auto words = split(device.after, ',');
    return std::any_of(words.begin(), words.end(), [](std::string_view word) { return trim(word).size() == 17 && std::count(word.begin(), word.end(), ':') == 5; });
}

std::optional<Misaddressed> misaddressed(const Story& story, const Event& packet) {
    const Segment& segment = *packet.as<Segment>();
    const bool to_many = segment.destination_mac[0] & 1;
    if (!segment.has_destination_mac || to_many || segment.interface >= story.interfaces.size()) return std::nullopt;
    const std::string& device = story.interfaces[segment.interface].name;
    const std::string mac = mac_text(segment.destination_mac);
    const Environment* came_by = nullptr;
    for (const Event* event : facts_then(story, packet.witness, "device", packet.time_ns, packet.time_ns)) {
        const Environment& fact = *event->as<Environment>();
        if (has_address(fact, mac)) return std::nullopt;
        if (fact.name == device) came_by = &fact;
    }
    const bool passes_on = came_by && came_by->after.find(", part of ") != std::string::npos;  // a bridge's port takes everybody's frames
    if (!came_by || passes_on || !tells_address(*came_by)) return std::nullopt;
    const std::string where = place(story, packet.witness);
    return Misaddressed{segment.destination_mac,
                        fmt::format("what came to {} on {} was addressed to {}, which is no device of {}: whoever sent it on this link has an old neighbour entry", where, printable(device), mac, where),
                        &packet};
}

}  // namespace

std::optional<Misaddressed> misaddressed(const Story& story, const std::vector<const Event*>& packets) {
    std::optional<Misaddressed> found;
    for (const Event* packet : packets) {
        const Segment* segment = packet->as<Segment>();
        if (!segment || segment->outgoing) continue;
        found = misaddressed(story, *packet);
        if (!found) return std::nullopt;
    }
    return found;
}

}  // namespace tcpwitness
