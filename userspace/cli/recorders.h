#pragma once

#include <string>
#include <vector>

namespace tcpwitness {

/// What runs on this host and would see a packet on this network namespace's loopback device, for people: "tcpwitness record (pid 812)",
/// "a packet capture on lo". From /proc alone, so that it needs no privileges.
std::vector<std::string> marker_recorders();

}  // namespace tcpwitness
