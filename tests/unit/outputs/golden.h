// Whole outputs, compared with the readable files in tests/golden. TCPWITNESS_UPDATE_GOLDEN=1 writes them anew.
#pragma once

#include <string>

namespace tcpwitness {

/// Empty when `text` is what tests/golden/NAME holds; else how they differ, line by line.
std::string difference_from_golden(const std::string& name, const std::string& text);

}  // namespace tcpwitness
