#include "findings/device_facts.h"

#include <map>

#include <fmt/format.h>

#include "base/text.h"

namespace tcpwitness {

namespace {

constexpr std::uint64_t look_ns = 4'000'000'000;  ///< the configuration is looked at every 3 s: what appears later may have been there

bool out_of_service(const Environment& fact) { return fact.after.starts_with("down") || fact.after.starts_with("up, no carrier"); }

DeviceTrouble trouble(const Event& event) {
    const Environment& fact = *event.as<Environment>();
    const bool down = fact.after.starts_with("down") || fact.what == Environment::What::gone;
    return {fmt::format("its device {} {}", printable(fact.name), fact.what == Environment::What::gone ? "is gone" : down ? "is down" : "has no carrier"), &event};
}

}  // namespace

std::vector<const Event*> facts_then(const Story& story, WitnessId witness, const char* topic, std::uint64_t from_ns, std::uint64_t to_ns) {
    std::map<std::string, const Event*> now;
    for (const Event& event : story.environment) {
        const Environment& fact = *event.as<Environment>();
        if (event.witness != witness || fact.of_host || fact.topic != topic || fact.what == Environment::What::counted) continue;
        const bool before = event.time_ns <= from_ns;
        if (!before && event.time_ns > to_ns + look_ns) break;
        if (before && fact.what == Environment::What::gone)
            now.erase(fact.name);
        else if (before || fact.what != Environment::What::gone)
            now[fact.name] = &event;  // also what came during the trouble
    }
    std::vector<const Event*> facts;
    for (const auto& [name, event] : now) facts.push_back(event);
    return facts;
}

std::optional<DeviceTrouble> device_trouble(const Story& story, WitnessId witness, const std::string& device, std::uint64_t time_ns) {
    if (device.empty()) return std::nullopt;
    for (const Event* event : facts_then(story, witness, "device", time_ns, time_ns))
        if (const Environment& fact = *event->as<Environment>(); fact.name == device && out_of_service(fact)) return trouble(*event);
    return std::nullopt;
}

std::optional<DeviceTrouble> device_went(const Story& story, WitnessId witness, std::uint64_t from_ns, std::uint64_t to_ns) {
    for (const Event& event : story.environment) {
        const Environment& fact = *event.as<Environment>();
        if (event.witness != witness || fact.of_host || fact.topic != "device" || fact.name == "lo") continue;
        if (event.time_ns + look_ns < from_ns || event.time_ns > to_ns + look_ns) continue;
        if (fact.what == Environment::What::gone || (fact.what == Environment::What::changed && out_of_service(fact))) return trouble(event);
    }
    return std::nullopt;
}

}  // namespace tcpwitness
