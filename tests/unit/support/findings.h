// Findings as text, for messages of failed tests and for checks on their words.
#pragma once

#include <string>
#include <vector>

#include "findings/finding.h"

namespace tcpwitness {

inline std::string all_text(const Finding& finding) {
    std::string text = finding.rule + ": " + finding.headline;
    for (const std::string& reason : finding.reasons) text += "\n  " + reason;
    return text + "\n  settle: " + finding.settle;
}

inline std::string all_text(const std::vector<Finding>& findings) {
    std::string text;
    for (const Finding& finding : findings) text += all_text(finding) + "\n";
    return text;
}

}  // namespace tcpwitness
