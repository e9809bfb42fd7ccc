// A proxy between: what failed behind it, and what its client saw of that, are one story.
#pragma once

#include <vector>

#include "findings/finding.h"

namespace tcpwitness {

/// Makes the finding about a proxy's client an effect of the finding about its upstream, where both are of one request in one process.
void join_hops(const Story&, std::vector<Finding>&);

/// Makes a server's silence an effect of a second connect of the same process to the same host that failed meanwhile.
void join_beside(const Story&, std::vector<Finding>&);

}  // namespace tcpwitness
