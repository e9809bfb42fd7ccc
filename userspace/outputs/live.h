// What `tcpwitness live` prints while it happens: one line each.
#pragma once

#include <string>

#include "outputs/outputs.h"

namespace tcpwitness {

/// "14:03:18.372412  proven    path               reset-forged         headline". No newline. A line goes back in time where what it tells took
/// long to be sure, or came late; then it says so: "... (told 1.2 s late)". `told_ns`: the newest time that stands above it.
std::string live_line(const Story&, const Finding&, const OutputOptions&, std::uint64_t told_ns = 0);

/// "! 14:03:18.372412  edge  #1  sipd[4711]  10.0.1.2:40112 -> 10.0.2.2:5061  tcp  sentence". No newline. The connection may be unknown.
std::string live_event_line(const Story&, const Event&, const Connection*, const OutputOptions&, std::uint64_t told_ns = 0);

}  // namespace tcpwitness
