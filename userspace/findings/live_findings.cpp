#include "findings/live_findings.h"

#include <limits>

namespace tcpwitness {

std::vector<Finding> LiveFindings::step(std::uint64_t now_ns) {
    std::vector<Finding> fresh;
    correlator_.story();
    const bool changed = !correlator_.take_changed().empty();
    if (changed) unsettled_until_ns_ = now_ns + 2 * settings_.settle_ns;
    if (now_ns <= unsettled_until_ns_) fresh = news(now_ns > settings_.settle_ns ? now_ns - settings_.settle_ns : 0);
    if (now_ns >= next_forget_ns_) {
        next_forget_ns_ = now_ns + settings_.forget_every_ns;
        const std::uint64_t before = now_ns > settings_.keep_ns ? now_ns - settings_.keep_ns : 0;
        correlator_.forget_ended_before(before);
        std::erase_if(told_, [&](const auto& entry) { return entry.second.last_ns < before; });
    }
    return fresh;
}

std::vector<Finding> LiveFindings::finish() {
    correlator_.finish();
    return news(std::numeric_limits<std::uint64_t>::max());
}

std::vector<Finding> LiveFindings::news(std::uint64_t until_ns) {
    std::vector<Finding> fresh;
    for (Finding& finding : find_all(correlator_.story())) {
        if (finding.last_ns > until_ns && finding.count == 1) continue;
        // Certainty and culprit may still change while the story grows: what was told once under another verdict is news.
        std::string key = finding.rule;
        for (const std::string& part : {std::string(name(finding.culprit)), std::string(name(finding.certainty)), finding.fold_key}) key += "\n" + part;
        Told& told = told_[key];
        const bool repeats = told.count != 0 && finding.last_ns > told.last_ns && finding.count < 2 * told.count + 1 && finding.count > 1;
        if (told.count != 0 && (finding.last_ns <= told.last_ns || repeats)) continue;
        told = {finding.count, finding.last_ns};
        fresh.push_back(std::move(finding));
    }
    return fresh;
}

}  // namespace tcpwitness
