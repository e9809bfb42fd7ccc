// What packets alone show of a reset: whether its sender had closed before, and whether the reset took anything from anybody.
#pragma once

#include <cstdint>
#include <optional>

#include "findings/finding.h"

namespace tcpwitness {

/// The first RST of a session that was rebuilt from packets, where a FIN had come before it.
struct ResetAfterFin {
    const Event* reset = nullptr;
    const Event* fin = nullptr;         ///< the one before it
    bool by_closer = false;             ///< who reset had sent that FIN: the RST answers what came after it
    std::uint32_t after_close = 0;      ///< bytes of the other end that the closer's FIN did not acknowledge
    const char* harmless = nullptr;     ///< the benign pattern that it is; nullptr: it may have cost something, or the packets do not tell
};
std::optional<ResetAfterFin> reset_after_fin(const Connection&);

/// The client's RST answers the first SYN-ACK at once: its socket was closed by then.
bool withdrawn_in_handshake(const Connection&);

}  // namespace tcpwitness
