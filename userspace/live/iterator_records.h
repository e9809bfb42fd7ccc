#pragma once

#include <cstddef>
#include <functional>

#include "base/fd.h"
#include "bpf/records.h"

namespace tcpwitness {

/// Takes the records that a pass over an iterator probe yields (LoadedProbes::snapshot), each as long as its head says. False when one
/// contradicts itself: a defect of the kernel side.
bool for_each_record(const Fd& pass, const std::function<void(const tw_head&, const void* data)>& take);

}  // namespace tcpwitness
