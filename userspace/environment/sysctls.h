#pragma once

#include <map>
#include <string>

namespace tcpwitness {

/// The sysctls that decide how TCP behaves, of the network namespace the calling thread is in (net.core's of the host): name -> value.
std::map<std::string, std::string> network_sysctls();

}  // namespace tcpwitness
