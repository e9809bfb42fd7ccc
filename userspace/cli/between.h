// --between: what lies between two points in time that somebody marked.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/result.h"
#include "cli/filter_options.h"
#include "correlate/story.h"
#include "findings/finding.h"

namespace tcpwitness {

/// As given: the name of a marker, "ping:SIZE", or a time as --since takes it. Empty: not asked for.
struct Between {
    std::string from, to;
};

Option between_option(Between&);

/// Both inclusive, in the story's own clock.
struct TimeSpan {
    std::uint64_t from_ns = 0, to_ns = 0;
    std::string note;  ///< a marker was set several times: which one counts; lines for people
};

/// The first such marker and the last one. The error is one line that names the markers that there are.
Result<TimeSpan> resolve(const Between&, const Story&, const TimeBase&);

/// Whether a finding shows itself in that time: some of its evidence lies in it. Asked of each before repeats are folded.
std::function<bool(const Finding&)> shows_between(const Story&, const TimeSpan&);

/// Leaves out events and evidence that lie outside, and says so of the findings that lean on it. Connections stay; a filter of the same times chooses
/// those that lived within.
void cut(Story&, Judgement&, const TimeSpan&);

}  // namespace tcpwitness
