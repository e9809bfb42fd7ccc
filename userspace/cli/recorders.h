#pragma once

#include <string>
#include <vector>

namespace tcpwitness {

/// What runs on this host and may see a packet on this network namespace's loopback device, for people: "tcpwitness record (pid 812)",
/// "a packet capture on lo". From /proc alone, so that it needs no privileges.
struct MarkerRecorders {
    std::vector<std::string> taking;  ///< packets that come now are seen
    std::vector<std::string> idle;    ///< starts, ends, or has no packet probe
};
MarkerRecorders marker_recorders();

/// Who saw what was sent between the two looks: those that were taking packets at both. All others are idle.
MarkerRecorders taking_throughout(const MarkerRecorders& before, const MarkerRecorders& after);

}  // namespace tcpwitness
