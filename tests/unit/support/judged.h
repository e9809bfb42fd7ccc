// What the rules make of a story that should yield one finding, or none.
#pragma once

#include <catch2/catch.hpp>

#include "support/findings.h"

namespace tcpwitness {

inline Finding only(const Story& story) {
    const std::vector<Finding> findings = find_all(story);
    INFO(all_text(findings));
    REQUIRE(findings.size() == 1);
    return findings[0];
}

inline void nothing(const Story& story) {
    const std::vector<Finding> findings = find_all(story);
    INFO(all_text(findings));
    CHECK(findings.empty());
}

}  // namespace tcpwitness
