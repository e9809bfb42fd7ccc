// A sender that waits although its peer's window is open: the window is smaller than a segment, because the peer's buffer is, or because a device on the path
// changed the window scale in the handshake, so that the two ends count the window in different units.
#pragma once

#include <optional>

#include "findings/finding.h"

namespace tcpwitness {

/// As zero-window-stall tells it. `changed`: the ground on which a changed window scale is proven.
std::optional<Finding> small_window(const Story&, const Connection& sender, const Proof& changed);

}  // namespace tcpwitness
