#include "findings/way_back.h"

#include <array>
#include <vector>

#include <fmt/format.h>

#include "base/text.h"
#include "findings/device_facts.h"
#include "model/filter.h"

namespace tcpwitness {

namespace {

/// A route's name reads "main 192.0.2.0/24", "main default (IPv6) metric 1024 dev eth0". Its prefix' length; null: not of this address.
std::optional<unsigned> covers(const std::string& name, const Address& to) {
    const auto words = split(name, ' ');
    const bool v6 = to.family == Address::Family::ipv6;
    if (words.size() < 2 || name.find(" from ") != std::string::npos || name.find(" tos ") != std::string::npos) return std::nullopt;
    if (words[1] == "default") return (name.find("(IPv6)") != std::string::npos) == v6 ? std::optional(0u) : std::nullopt;
    std::vector<Prefix> prefix;
    if (!parse_prefix(words[1], prefix) || !prefix.front().holds(to)) return std::nullopt;
    return prefix.front().length;
}

/// Other tables than the three that each host has need a rule that leads to them; what rules choose by is not evaluated.
bool usual_table(const std::string& name) { return name.starts_with("main ") || name.starts_with("local ") || name.starts_with("default "); }

}  // namespace

std::optional<DeadEnd> dead_end(const Story& story, WitnessId witness, const Address& to, std::uint64_t time_ns) {
    const Event* best = nullptr;
    unsigned length = 0;
    bool known = false;
    for (const Event* event : facts_then(story, witness, "route", time_ns, time_ns)) {
        const Environment& fact = *event->as<Environment>();
        if (fact.what == Environment::What::unreadable || fact.name.find("...") != std::string::npos) return std::nullopt;
        if (!usual_table(fact.name)) return std::nullopt;
        known = true;
        const auto covered = covers(fact.name, to);
        if (covered && (!best || *covered > length)) best = event, length = *covered;
    }
    if (!known) return std::nullopt;
    if (!best) return DeadEnd{fmt::format("it has no route to {}", to.text()), nullptr};
    const Environment& route = *best->as<Environment>();
    for (const char* refusing : {"blackhole", "unreachable", "prohibit"})
        if (route.after.starts_with(refusing)) return DeadEnd{fmt::format("{} {} route ({})", *refusing == 'u' ? "an" : "a", refusing, printable(route.name)), best};
    return std::nullopt;
}

}  // namespace tcpwitness
