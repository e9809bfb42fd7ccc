// One recording given twice: as a copy, compressed or renamed, or as a part of it.
#pragma once

#include <string>
#include <vector>

#include "case/exhibit.h"

namespace tcpwitness {

/// Takes out every exhibit that holds nothing but what an earlier or a later one holds too, and joins parts of one recording. What was taken
/// out stands in Recording::copies of the one that stays. Returns a sentence for each.
std::vector<std::string> fold_copies(std::vector<Exhibit>&);

}  // namespace tcpwitness
