// What a filter asks for and this host does not have now.
#pragma once

#include <string>
#include <vector>

#include "model/filter.h"

namespace tcpwitness {

/// A sentence for each process name and number of which there is no process or thread. `command`: the program that is about to be run; "" = none.
std::vector<std::string> absent_processes(const Filter&, const std::string& command, const std::string& proc = "/proc");

}  // namespace tcpwitness
