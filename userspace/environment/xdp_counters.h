// What a driver counts of the packets that XDP programs took from it: dropped, sent back, sent elsewhere.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tcpwitness {

/// One of a driver's statistics (`ethtool -S`) that counts packets which the kernel never got to see. Names are each driver's own.
bool counts_xdp_takes(std::string_view statistic);

/// Their sum for a device of the current network namespace; nothing where its driver has no such statistic.
std::optional<std::uint64_t> xdp_takes(const std::string& device);

}  // namespace tcpwitness
