// What a report shows, and in which order: shared by every output.
#pragma once

#include <cstddef>
#include <map>
#include <span>
#include <string_view>
#include <tuple>
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

/// Many findings of one rule, culprit and certainty read alike: the first of them are printed in full.
enum class Listing : std::uint8_t {
    full,
    line,     ///< number, time and headline in one line
    counted,  ///< only how many there are
    beside,   ///< how things stand, told with the finding that caused it
};

struct Plan {
    std::vector<const Finding*> findings;  ///< most certain first, then by time, states last; number n is [n - 1]
    std::vector<Listing> listing;          ///< of each of them
    std::map<std::size_t, std::vector<std::size_t>> states;  ///< finding number -> numbers of the states beside it; 0: states that nothing explains
    std::vector<ShownSession> full;             ///< with their timelines; those of the first finding first
    std::vector<ShownSession> brief;            ///< one line each
    std::map<Ending, std::size_t> counted; ///< how those ended that are more than anybody reads; the unusual ones are listed first
    std::size_t repeats = 0;               ///< sessions that only repeat a folded finding: counted there, not listed
    std::map<std::uint64_t, std::vector<std::size_t>> evidence;  ///< event id -> numbers of the findings that it proves
};

/// Alike as far as a reader of many is concerned.
using GroupKey = std::tuple<std::string_view, Culprit, Certainty>;
GroupKey group(const Finding&);

/// Findings about selected connections, most important first, states last.
std::vector<const Finding*> ranked(const Story&, std::span<const Finding>, const OutputOptions&);

/// Full timelines go to what findings are about that are printed in full (of folded repeats: to the example), to everything when asked, and to
/// everything in a trace that is small enough to read whole. However much there is in trouble, the report stays as long as somebody reads.
Plan make_plan(const Story&, std::span<const Finding>, const OutputOptions&);

}  // namespace tcpwitness
