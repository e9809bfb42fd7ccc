// What a recorded host's kernel dropped, why, and how findings word it: shared by those about a connection and those about a port.
#pragma once

#include <string>
#include <vector>

#include "findings/finding.h"

namespace tcpwitness {

/// The event's drop, unless a rule of its own tells such drops: no route, no neighbour, a full accept queue, a segment beyond the path's MTU.
const Drop* relevant_drop(const Event&);
/// Who sent the packet that was dropped.
const Endpoint& dropped_source(const Event& drop);

/// Appends to the headline who dropped what and why, adds the reasons, and cites the drops: all of one host and one kind.
void add_drop_cause(Finding&, const Story&, const std::vector<const Event*>& drops);
/// Who is to blame for it.
Culprit culprit_of_drop(const Story&, const Event& drop);
/// Sets culprit and certainty. `each_try`: every try that failed met a drop.
void judge_drop(Finding&, const Story&, const Event& drop, const Proof& told_by_kernel, bool each_try);

}  // namespace tcpwitness
