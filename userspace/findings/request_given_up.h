// Clients that left without an answer, as it shows without data segments: who closed first, what either end had sent by then, what lay unread.
#pragma once

#include <set>
#include <vector>

#include "findings/finding.h"

namespace tcpwitness {

/// A server's end whose client sent something, got nothing, and closed first.
bool left_unanswered(const Connection& server);

/// `told`: connections whose segments have told it already. `unread`: the ground on which it is proven.
std::vector<Finding> requests_given_up(const Story&, const char* rule, const std::set<ConnectionId>& told, const Proof& unread);

}  // namespace tcpwitness
