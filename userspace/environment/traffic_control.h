#pragma once

#include "environment/devices.h"

namespace tcpwitness {

/// Topics `qdisc` (with their drops as counters) and `tc_filter`, tcx programs among them.
Status add_traffic_control(Netlink& route, const Devices&, Facts&);

}  // namespace tcpwitness
