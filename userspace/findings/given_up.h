// Connections that the kernel gave up with ETIMEDOUT, and by which of its clocks.
#pragma once

#include <optional>
#include <string>

#include "findings/finding.h"

namespace tcpwitness {

struct GivenUp {
    const Event* error = nullptr;          ///< SocketError
    const Event* keepalive = nullptr;      ///< the last keepalive timer that fired before; nullptr: none
    const Event* reset = nullptr;          ///< the RST that the kernel sent with it
    bool by_keepalive = false;             ///< keepalive probes stayed unanswered, nothing else was on its way
    std::uint32_t user_timeout_ms = 0;     ///< TCP_USER_TIMEOUT, which then decided; 0: not set
};

/// Nothing for a connection that was not open or that did not end so.
std::optional<GivenUp> given_up(const Connection&);

/// What the application set of SO_KEEPALIVE and the like on this socket or on the listener it came from: "TCP_KEEPIDLE 1"; "" when the trace does not hold it.
std::string options_text(const Story&, const Connection&, std::initializer_list<std::pair<int, int>> level_and_option);

/// When the silence began that it was given up for: when the peer was heard of last.
std::uint64_t silent_since(const GivenUp&);

/// Culprit and certainty of a silence: possible by one witness; likely when the other end's trace shows it open and untroubled.
void judge_silence(Finding&, const Story&, const Connection&);

}  // namespace tcpwitness
