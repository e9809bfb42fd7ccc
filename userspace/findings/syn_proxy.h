// A SYN proxy (iptables' SYNPROXY, nftables' synproxy, a load balancer) completes the handshake in the server's name before it asks the server.
#pragma once

#include <vector>

#include "findings/finding.h"

namespace tcpwitness {

/// The client whose SYN this knock was: it was connected already, by somebody who answered with another SYN-ACK. Null: it was not.
const Connection* client_let_in_early(const Story&, const Connection& knock);

/// The half-open connection at a recorded host that answered a SYN in another host's name, and passed it on afterwards.
bool answered_for_another(const Story&, const Connection& half_open);
/// Those of the client's session.
std::vector<const Connection*> answers_for_another(const Story&, const Connection& client);

/// What only the proxy's host was recorded for: the server refused what the proxy had accepted. As reset-received tells it.
std::vector<Finding> refused_behind_proxy(const Story&);

}  // namespace tcpwitness
