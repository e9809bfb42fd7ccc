// What shows that a connection was in trouble. Every connection that shows it ends as a finding, as a benign pattern, or as `unexplained`.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "correlate/story.h"

namespace tcpwitness {

enum class Trouble : std::uint8_t {
    connect_failed,  ///< connect() did not succeed: refused, timed out, denied, given up, still unanswered at the end
    error,           ///< an error was reported to the application
    reset,           ///< a RST was sent or received before both ends had closed
    handshake,       ///< a handshake was never completed
    dropped,         ///< packets of it were dropped
    stalled,         ///< the same segment was sent again three times or more
};
const char* name(Trouble);  ///< "connect-failed"

struct TroubleSign {
    Trouble what{};
    const Event* event = nullptr;  ///< that shows it best; null: its absence does
    std::uint64_t time_ns = 0;
    std::string text;              ///< in plain words, without the connection's name: "connect() failed with ECONNREFUSED after 1.2 ms"
};

/// In order of time; empty for a connection without trouble.
std::vector<TroubleSign> trouble_of(const Story&, const Connection&);

}  // namespace tcpwitness
