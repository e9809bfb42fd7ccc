// What the recorded configuration tells of a device at the time of a trouble: down, without carrier, a program on it that takes packets.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "correlate/story.h"

namespace tcpwitness {

struct DeviceTrouble {
    std::string text;             ///< "its device eth0 has no carrier"
    const Event* fact = nullptr;
};

/// The device was down or had no carrier then. An empty name: none.
std::optional<DeviceTrouble> device_trouble(const Story&, WitnessId, const std::string& device, std::uint64_t time_ns);

/// The same of the device that has this address, however long it had been so.
std::optional<DeviceTrouble> holder_trouble(const Story&, WitnessId, const Address&, std::uint64_t time_ns);

/// The device's XDP program took no packet from this time to the recording's end, by its driver's own count. False also where nobody counted.
bool xdp_took_nothing(const Story&, WitnessId, const std::string& device, std::uint64_t from_ns);

/// A device of the namespace that went down or lost its carrier within the time.
std::optional<DeviceTrouble> device_went(const Story&, WitnessId, std::uint64_t from_ns, std::uint64_t to_ns);

/// The facts of a topic that held at some time in [from, to], or came up so shortly after that they may have been there.
std::vector<const Event*> facts_then(const Story&, WitnessId, const char* topic, std::uint64_t from_ns, std::uint64_t to_ns);

}  // namespace tcpwitness
