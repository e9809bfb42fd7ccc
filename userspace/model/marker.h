// A point in time that a person names: an ICMP echo request over the loopback device that carries the name.
#pragma once

#include <string>
#include <string_view>

namespace tcpwitness {

inline constexpr std::size_t marker_bytes = 48;  ///< of the echo request's data

/// Letters, digits, dots, dashes and underscores, a letter first, up to 31: what `--between` can tell from a time and from ping:SIZE.
bool marker_name_fits(std::string_view name);

/// The data of the echo request that sets it.
std::string marker_data(std::string_view name);

/// The name in an echo request's data, of which the end may be missing; empty when it is no marker.
std::string marker_name(std::string_view data);

}  // namespace tcpwitness
