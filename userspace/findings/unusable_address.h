// Addresses that no TCP connection can go to, whatever the routes say.
#pragma once

#include <string>

#include "correlate/story.h"

namespace tcpwitness {

/// Why connect() failed over the address alone: "255.255.255.255 is a broadcast address, and TCP connects to one host only"; empty: it did not.
std::string unusable_address(const Story&, const Connection&);

}  // namespace tcpwitness
