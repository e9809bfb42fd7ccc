#pragma once

#include "environment/facts.h"

namespace tcpwitness {

/// Topic `module`: those that are not the kernel's own, from what /proc/modules shows.
void add_modules(const std::string& proc_modules, Facts&);
/// Topic `lsm`: the security modules that are active.
void add_security_modules(Facts&);
/// Topic `clock`: the clock source, and whether something keeps the wall clock right.
void add_clocks(Facts&);

}  // namespace tcpwitness
