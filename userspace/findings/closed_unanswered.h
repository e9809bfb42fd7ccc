// Servers that closed a connection first and left a client without its answer: not a byte was sent, or the client had spoken last.
#pragma once

#include <set>
#include <vector>

#include "findings/finding.h"

namespace tcpwitness {

/// `told`: connections that are told already.
std::vector<Finding> closed_unanswered(const Story&, const char* rule, const std::set<ConnectionId>& told);

/// Services that sent something on any connection of this story.
std::set<Endpoint> answering_services(const Story&);

/// The process ended within a second of that time, before or after; null: it did not.
const Event* exit_near(const Story&, WitnessId, std::uint32_t pid, std::uint64_t time_ns);

}  // namespace tcpwitness
