// Patterns that look like trouble and are none: named, counted, and listed on request.
#pragma once

#include <span>
#include <string_view>

#include "findings/finding.h"

namespace tcpwitness {

struct BenignPattern {
    const char* id;
    const char* summary;  ///< one line: what it is, and why it harms nobody
};
std::span<const BenignPattern> benign_patterns();

namespace benign {
inline constexpr const char *health_check = "health-check", *scan = "scan", *abort_after_exchange = "abort-after-exchange", *fallback = "fallback",
                            *late_reset = "late-reset", *loss_made_good = "loss-made-good", *withdrawn = "withdrawn", *forwarded = "forwarded",
                            *port_used_again = "port-used-again", *slow_reader = "slow-reader", *long_poll = "long-poll",
                            *stops_in_midst = "stops-in-midst",
                            *kept_out = "kept-out", *ignored_reset = "ignored-reset";
}

/// A connection whose trouble is this pattern. `rule` is the one that recognised it; `where` says between whom ("curl -> 10.0.0.2:80"), and cases
/// with one such text are counted together.
Finding harmless(const char* pattern, const char* rule, const Connection&, std::uint64_t time_ns, std::string where);
/// The usual text for `where`: the process, or the address where none is known, and the service.
std::string between(const Story&, const Connection&);

}  // namespace tcpwitness
