// A listener whose queue of half-open connections is full, on a host that sends no SYN cookies.
#pragma once

#include <vector>

#include "findings/finding.h"

namespace tcpwitness {

std::vector<Finding> syn_queues_full(const Story&, const char* rule);

}  // namespace tcpwitness
