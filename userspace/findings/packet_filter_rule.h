// Which rule of nftables dropped a packet. The kernel does not tell; the recorded ruleset and the packet's headers often leave only one.
#pragma once

#include <string>
#include <vector>

#include "correlate/story.h"

namespace tcpwitness {

/// The rules, or policies, of the recorded ruleset that may have dropped the packet of `drop` at its hook, as it stood at that time:
/// "table inet filter, chain input, handle 7: tcp dport 5061 drop". Empty where the ruleset or the hook is not known.
std::vector<std::string> rules_that_may_have_dropped(const Story&, const Event& drop);

}  // namespace tcpwitness
