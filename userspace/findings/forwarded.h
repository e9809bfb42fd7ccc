// Connects of which only a host on the way was recorded: a router, a node of a cluster, a NAT gateway. What went through it, and what came back.
#pragma once

#include <vector>

#include "findings/finding.h"

namespace tcpwitness {

/// Those that a RST from behind this host answered.
std::vector<Finding> forwarded_refusals(const Story&, const char* rule);
/// Those whose SYNs went through again and again, and nothing came back.
std::vector<Finding> forwarded_silences(const Story&, const char* rule);

}  // namespace tcpwitness
