#pragma once

#include "bpf/options.h"
#include "model/filter.h"

namespace tcpwitness {

/// The filter in the programs' own layout. A list that is longer than the kernel side holds is left out there as a whole, so that the
/// kernel never drops what the reader wants; the report applies it anyway.
tw_filter kernel_filter(const Filter&);

}  // namespace tcpwitness
