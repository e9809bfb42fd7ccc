#pragma once

#include <functional>
#include <vector>

#include "findings/finding.h"
#include "model/filter.h"

namespace tcpwitness {

/// Which of a story's connections a filter is about: by flow, by owner or user (a half-open one by its listener's owner), by
/// namespace, and by time (any part of its life).
std::function<bool(const Connection&)> selection(const Story&, const Filter&);

/// Findings that are about at least one selected connection, or about none at all (evidence gaps).
std::vector<Finding> selected_findings(const Story&, std::vector<Finding>, const std::function<bool(const Connection&)>& selected);

/// Leaves what is about selected connections, and judges anew how it stands with those. `said`: the filter as the user wrote it.
void select(Judgement&, const Story&, const std::function<bool(const Connection&)>& selected, const std::string& said);

/// What the trace was recorded with, where `filter` asks for nothing of that kind: the kernel side lets packets of other tasks through,
/// and sockets whose port it does not know.
void add_recorded_filter(const Recording&, Filter& filter);

}  // namespace tcpwitness
