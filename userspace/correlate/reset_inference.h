// Why a kernel that does not tell sent a RST: concluded from what the socket had gone through.
#pragma once

#include <string>

#include "correlate/connection.h"

namespace tcpwitness {

/// Gives a reset without the kernel's reason the name that a kernel from 6.10 on would have given, and marks it as inferred. Leaves it empty
/// where nothing points to one. `c` as it was before the reset; null: the segment belonged to no connection.
void infer_reason(ResetSent&, const Connection* c);

}  // namespace tcpwitness
