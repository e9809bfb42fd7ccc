// Why our kernel sent a RST, in words and with a culprit.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "findings/finding.h"

namespace tcpwitness {

struct WhyReset {
    const char* kind = "";           ///< stable word, for folding
    std::string sentence;            ///< "it closed with 12 unread bytes"
    Culprit culprit = Culprit::local_application;
    Certainty certainty = Certainty::proven;
    std::vector<std::string> reasons;
    std::string settle;
    bool on_purpose = false;         ///< SO_LINGER 0: may be a health check
    bool early = false;              ///< closed with data unread: it may have answered before it had read all
    bool by_other = false;           ///< SOCK_DESTROY: any process may do it to any connection
};

/// Nothing where the reset is harmless (it answers a late FIN or a bare ACK of a connection that was closed).
std::optional<WhyReset> why_reset(const Connection&, const Event& reset_sent);

}  // namespace tcpwitness
