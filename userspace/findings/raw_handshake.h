// Handshakes of a program that makes its own segments (raw or packet sockets): its kernel knows no such connection, and resets what comes back.
#pragma once

#include <vector>

#include "findings/finding.h"

namespace tcpwitness {

std::vector<Finding> raw_handshakes(const Story&, const char* rule);

}  // namespace tcpwitness
