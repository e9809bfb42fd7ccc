// How a recording's clock relates to the common one, in words.
#pragma once

#include <string>

#include "model/trace.h"

namespace tcpwitness {

/// "13.990 s behind edge.pcapng's, +-0.043 ms, from 12 packets; drift 40.0 +-0.3 ppm"; empty for a recording that stands alone.
std::string clock_text(const Recording&);

/// "13.989615 s ahead by their offset columns": how far the columns that count from each text's beginning are apart; empty unless both have one.
std::string offset_columns_text(const Recording&, const Recording& first);

}  // namespace tcpwitness
