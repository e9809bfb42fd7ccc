// What a report shows, and in which order: shared by every output.
#pragma once

#include <cstddef>
#include <map>
#include <span>
#include <vector>

#include "outputs/outputs.h"

namespace tcpwitness {

/// Printed together: the two ends of a conversation, client first, or one connection alone.
struct ShownSession {
    std::vector<const Connection*> ends;
    std::vector<std::size_t> findings;  ///< their numbers, ascending
    std::uint64_t begin_ns() const;
    std::uint64_t end_ns() const;
};

struct Plan {
    std::vector<const Finding*> findings;  ///< most certain first, then by time; number n is [n - 1]
    std::vector<ShownSession> full;             ///< with their timelines; those of the first finding first
    std::vector<ShownSession> brief;            ///< one line each
    std::map<Ending, std::size_t> counted; ///< how those ended that are more than anybody reads; the unusual ones are listed first
    std::size_t repeats = 0;               ///< sessions that only repeat a folded finding: counted there, not listed
    std::map<std::uint64_t, std::vector<std::size_t>> evidence;  ///< event id -> numbers of the findings that it proves
};

/// Findings about selected connections, most important first.
std::vector<const Finding*> ranked(const Story&, std::span<const Finding>, const OutputOptions&);

/// Full timelines go to what findings are about (of folded repeats: to the example), to everything when asked, and to everything in a
/// trace that is small enough to read whole.
Plan make_plan(const Story&, std::span<const Finding>, const OutputOptions&);

}  // namespace tcpwitness
