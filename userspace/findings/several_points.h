// One session that was captured at several points of its path: what each of them shows of it is one finding.
#pragma once

#include <vector>

#include "findings/finding.h"

namespace tcpwitness {

void join_points(const Story&, std::vector<Finding>& standing);

}  // namespace tcpwitness
