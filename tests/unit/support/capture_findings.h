// What the rules make of a capture written by hand.
#pragma once

#include <catch2/catch.hpp>

#include <string>
#include <utility>
#include <vector>

#include "case/case_story.h"
#include "findings/finding.h"
#include "support/capture_script.h"
#include "support/findings.h"

namespace test {

inline tcpwitness::Story story_from(tcpwitness::CaptureStory capture) {
    std::vector<tcpwitness::Exhibit> exhibits;
    exhibits.push_back(exhibit_of(std::move(capture)));
    return story_of(std::move(exhibits));
}

/// The one finding that the capture yields.
inline tcpwitness::Finding only(CaptureScript& script) {
    const auto findings = find_all(story_from(script.finish()));
    INFO(all_text(findings));
    REQUIRE(findings.size() == 1);
    return findings.front();
}

inline bool says(const tcpwitness::Finding& finding, const std::string& words) { return all_text(finding).find(words) != std::string::npos; }

/// What it makes of all of it: the verdict, the findings, the benign patterns.
inline tcpwitness::Judgement judgement(CaptureScript& script) { return tcpwitness::judge(story_from(script.finish())); }

}  // namespace test
