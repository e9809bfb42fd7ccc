#include "findings/device_facts.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "base/text.h"

namespace tcpwitness {

namespace {

constexpr std::uint64_t usual_ns = 4'000'000'000;  ///< the configuration is looked at every 3 s: what appears later may have been there

/// How long before it was seen a change may lie. A host with many namespaces is looked at less often, and its recording tells how often.
std::uint64_t look_ns(const Story& story, WitnessId witness) {
    std::uint64_t widest = usual_ns;
    story.any_recording(witness, [&](const Recording& recording) {
        const auto told = recording.meta.find("environment.longest_pause_ns");
        const auto pause = told == recording.meta.end() ? std::nullopt : parse_number<std::uint64_t>(told->second);
        if (pause) widest = std::max(widest, *pause + usual_ns / 4);
        return false;
    });
    return widest;
}

bool out_of_service(const Environment& fact) { return fact.after.starts_with("down") || fact.after.starts_with("up, no carrier"); }

DeviceTrouble trouble(const Event& event) {
    const Environment& fact = *event.as<Environment>();
    if (fact.topic == "carrier") return {fmt::format("its device {} lost its carrier for a moment", printable(fact.name)), &event};
    const bool down = fact.after.starts_with("down") || fact.what == Environment::What::gone;
    return {fmt::format("its device {} {}", printable(fact.name), fact.what == Environment::What::gone ? "is gone" : down ? "is down" : "has no carrier"), &event};
}

}  // namespace

std::vector<const Event*> facts_then(const Story& story, WitnessId witness, const char* topic, std::uint64_t from_ns, std::uint64_t to_ns) {
    std::map<std::string, const Event*> now;
    const std::uint64_t late_ns = look_ns(story, witness);
    for (const Event& event : story.environment) {
        const Environment& fact = *event.as<Environment>();
        if (event.witness != witness || fact.of_host || fact.topic != topic || fact.what == Environment::What::counted) continue;
        const bool before = event.time_ns <= from_ns;
        if (!before && event.time_ns > to_ns + late_ns) break;
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
    const std::uint64_t late_ns = look_ns(story, witness);
    for (const Event& event : story.environment) {  // lost and back again before the next look
        const Environment& fact = *event.as<Environment>();
        const bool counted = event.witness == witness && !fact.of_host && fact.topic == "carrier" && fact.name == device && fact.what == Environment::What::changed;
        if (counted && event.time_ns >= time_ns && event.time_ns <= time_ns + late_ns) return trouble(event);
    }
    return std::nullopt;
}

bool xdp_took_nothing(const Story& story, WitnessId witness, const std::string& device, std::uint64_t from_ns) {
    // Counters are read at the first look and at the end of the recording: one that is still running, or was cut off, tells nothing.
    if (story.ongoing || story.any_recording(witness, [](const Recording& recording) { return recording.cut_short(); })) return false;
    bool counted = false;
    for (const Event& event : story.environment) {
        const Environment& fact = *event.as<Environment>();
        if (event.witness != witness || fact.of_host || fact.topic != "xdp_counter" || fact.name != device) continue;
        if (fact.what == Environment::What::counted) return false;
        counted = counted || (fact.what == Environment::What::found && event.time_ns <= from_ns);
    }
    return counted;
}

std::optional<DeviceTrouble> holder_trouble(const Story& story, WitnessId witness, const Address& address, std::uint64_t time_ns) {
    const std::string wanted = " " + address.text() + "/";
    for (const Event* event : facts_then(story, witness, "address", time_ns, time_ns)) {
        const std::string& name = event->as<Environment>()->name;  // "eth0 192.0.2.1/24"
        const auto at = name.find(wanted);
        if (at == std::string::npos) continue;
        if (auto trouble = device_trouble(story, witness, name.substr(0, at), time_ns)) return trouble;
    }
    return std::nullopt;
}

std::optional<DeviceTrouble> device_went(const Story& story, WitnessId witness, std::uint64_t from_ns, std::uint64_t to_ns) {
    std::map<std::string, const Event*> went;
    const std::uint64_t late_ns = look_ns(story, witness);
    for (const Event& event : story.environment) {
        const Environment& fact = *event.as<Environment>();
        const bool carrier = fact.topic == "carrier";
        if (event.witness != witness || fact.of_host || (fact.topic != "device" && !carrier) || fact.name == "lo" || fact.what == Environment::What::counted) continue;
        if (event.time_ns > to_ns + late_ns) break;
        if (carrier) {  // a count, which tells that it went down and not whether it is so still
            if (event.time_ns > from_ns && fact.what == Environment::What::changed) went.emplace(fact.name, &event);
        } else if (fact.what == Environment::What::gone || (fact.what == Environment::What::changed && out_of_service(fact))) {
            if (const auto [at, fresh] = went.emplace(fact.name, &event); !fresh && at->second->as<Environment>()->topic == "carrier") at->second = &event;
        } else if (event.time_ns <= from_ns)
            went.erase(fact.name);  // seen in service again, before it could matter
    }
    std::erase_if(went, [&](const auto& one) { return one.second->time_ns + late_ns < from_ns; });
    if (went.empty()) return std::nullopt;
    return trouble(*went.begin()->second);
}

}  // namespace tcpwitness
