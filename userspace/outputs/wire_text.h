// What packets alone tell about a session, in one line.
#pragma once

#include <string>

#include "correlate/wire_facts.h"

namespace tcpwitness {

/// "SF ShADadFf complete, 1200 B out and 64 kB back, round trip 12 ms, sent again 2 (1 RTO, 1 fast)"; client to server is "out".
std::string wire_text(const WireFacts&);

/// Wireshark's words for tcp.completeness: "complete, with data", "incomplete, 44".
std::string completeness_text(std::uint8_t completeness);

}  // namespace tcpwitness
