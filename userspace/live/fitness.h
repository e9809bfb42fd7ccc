// Which programs fit the running kernel, told from its BTF before the verifier sees them: arguments are found by type.
#pragma once

#include <cstddef>
#include <string>

#include "live/kernel.h"
#include "live/probes.h"

namespace tcpwitness {

/// Why the program at this place of the row cannot work on this kernel; empty where nothing speaks against it.
std::string why_unfit(const Kernel&, const Probe&, std::size_t program);

/// The tracepoint's argument at this place is of this type ("int", "enum sk_rst_reason").
bool argument_is(const Kernel&, const char* tracepoint, std::size_t index, const char* type);

/// tcp_send_reset has a reason, which also means that it is there for resets without a full socket (kernel 6.10 and later).
bool tells_reset_reasons(const Kernel&);
/// tcp_retransmit_skb tells how the attempt ended (kernel 6.17 and later).
bool tells_retransmit_error(const Kernel&);
bool tells_drop_socket(const Kernel&);        ///< kfree_skb has its fourth argument (6.11)

}  // namespace tcpwitness
