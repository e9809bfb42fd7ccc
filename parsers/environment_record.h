#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "model/event.h"

namespace tcpwitness {

/// A TW_ENVIRONMENT record. Texts that are too long for one record are cut. `netns` 0: the whole host.
std::string environment_record(std::uint64_t boot_ns, std::uint32_t netns, const Environment&);

/// The fact in a record's body (everything between its head and its addresses); nothing when lengths contradict each other.
bool read_environment(std::string_view body, Environment& to);

}  // namespace tcpwitness
