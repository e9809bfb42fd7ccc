#pragma once

#include <cstdint>

namespace tcpwitness {

/// A probe's short name by its number in the record ABI (enum tw_probe): "state", "reset_sent"; "unknown" for others.
const char* probe_name(std::uint32_t number);

}  // namespace tcpwitness
