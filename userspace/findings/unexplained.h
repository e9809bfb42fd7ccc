// The last rule: trouble that no other rule explained.
#pragma once

#include <functional>
#include <vector>

#include "findings/finding.h"

namespace tcpwitness {

/// Findings, and benign patterns, for each connection that shows trouble and has no place yet.
std::vector<Finding> account_for_trouble(const Story&, const std::function<bool(ConnectionId)>& has_place);

}  // namespace tcpwitness
