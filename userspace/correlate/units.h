// In which container or service a connection's process runs.
#pragma once

#include <string>

#include "correlate/story.h"

namespace tcpwitness {

/// In short: "docker:0123456789ab", "nginx.service"; empty: neither, or not told.
std::string unit_of(const Story&, const Connection&);

}  // namespace tcpwitness
