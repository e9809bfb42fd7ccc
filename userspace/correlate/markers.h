// Points in time that a person set while it was recorded.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "correlate/story.h"

namespace tcpwitness {

struct Marker {
    std::string name;                   ///< as `tcpwitness mark` was told, or "ping:22" for echo requests with 22 bytes of data
    bool by_ping = false;
    std::vector<std::uint64_t> times_ns;  ///< when it was set, each time once however many witnesses saw it; ascending
};

/// An echo request: whatever connections are chosen, it says when something began or ended.
bool sets_marker(const Event&);

/// In the order in which they were first set.
std::vector<Marker> markers(const Story&);

/// nullptr when nobody set it.
const Marker* find_marker(const std::vector<Marker>&, std::string_view name);

}  // namespace tcpwitness
