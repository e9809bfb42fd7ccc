// Which rule of nftables dropped a packet. The kernel does not tell; the recorded ruleset and the packet's headers often leave only one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "correlate/story.h"

namespace tcpwitness {

/// The rules, or policies, of the recorded ruleset that may have dropped the packet of `drop` at its hook, as it stood at that time:
/// "table inet filter, chain input, handle 7: tcp dport 5061 drop". Empty where the ruleset or the hook is not known.
std::vector<std::string> rules_that_may_have_dropped(const Story&, const Event& drop);

/// The rule's words count or limit: it drops some packets of a kind and lets others pass.
bool limits(std::string_view rule);

/// A rule that may have dropped it names the port or the address that the packet went to, or who sent it; or a rule that leads to its chain does.
bool names_destination(const Story&, const Event& drop);
bool names_source(const Story&, const Event& drop);

/// Rules of address translation at the hook of `drop`, of the same form. The translator drops a packet for which it finds no free port, or whose entry
/// cannot be made.
std::vector<std::string> translations_at(const Story&, const Event& drop);

/// What a host's packet filter dropped of a flow that it only forwards, or has no socket for; null: nothing that was recorded.
const Event* filter_drop(const Story&, const Flow&, WitnessId);

/// "packet filter (forward hook; table inet t, chain f, handle 4: tcp sport 5061 reject with tcp reset)"; the rule only where it can be no other.
/// `reset`: it answered with a RST, which few rules do.
std::string filter_text(const Story&, const Event& drop, bool reset = false);

}  // namespace tcpwitness
