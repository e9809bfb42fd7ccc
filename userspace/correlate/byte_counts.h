// The kernel's counters as bytes: SYN and FIN, which it counts among them, taken out.
#pragma once

#include "correlate/connection.h"

namespace tcpwitness {

/// What the event alone cannot tell and its connection can: which state a closed socket's numbers come from, and whether its SYN and the FINs
/// are among its totals. `c` as it was before the event. A socket that was there before the recording does not tell who began: its total may
/// count the SYN.
void count_bytes(Event&, const Connection& c);

}  // namespace tcpwitness
