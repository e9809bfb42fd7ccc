// The first line of a report: clean, trouble or undecided, and why.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "findings/finding.h"

namespace tcpwitness {

/// Of what was chosen: `selected` empty means everything; `filter` is how the user wrote it, for the sentence.
Verdict verdict_of(const Story&, const Judgement&, const std::function<bool(const Connection&)>& selected = {}, const std::string& filter = {});

/// A finding that says something about trouble, and not only how things stand or what was not recorded.
bool tells_trouble(const Finding&);

}  // namespace tcpwitness
