#include <algorithm>
#include <unordered_map>

#include <fmt/format.h>

#include "base/parallel.h"
#include "base/text.h"
#include "findings/facts.h"
#include "findings/interposers.h"

namespace tcpwitness {

namespace {

constexpr std::size_t most_evidence = 256;
constexpr std::size_t most_connections = 10'000;
constexpr std::uint64_t around_ns = 1'000'000'000;

/// Two findings about one cause are one: what a later rule says of a connection that an earlier one explained is an effect.
class Claims {
public:
    /// True when the finding stands on its own.
    bool settle(std::vector<Finding>& standing, Finding& finding) {
        if (finding.state) return true;
        const ConnectionId about = finding.connections.empty() ? 0 : finding.connections.front();
        if (const auto claimed = by_.find(about); about && claimed != by_.end()) {
            Finding& cause = standing[claimed->second];
            if (cause.connections.size() <= 4) cause.reasons.push_back(fmt::format("its effect ({}): {}", finding.rule, finding.headline));
            if (cause.evidence.size() < most_evidence) cause.evidence.insert(cause.evidence.end(), finding.evidence.begin(), finding.evidence.end());
            cause.last_ns = std::max(cause.last_ns, finding.last_ns);
            return false;
        }
        for (const ConnectionId id : finding.connections) by_.emplace(id, standing.size());
        return true;
    }

private:
    std::unordered_map<ConnectionId, std::size_t> by_;
};

void limit_by_blindness(Finding& finding, const Story& story) {
    if (finding.absences.empty() || finding.certainty != Certainty::proven) return;
    const Connection* c = finding.connections.empty() ? nullptr : story.connection(finding.connections.front());
    const WitnessId asking = c ? c->witness : finding.absences.front().witness;
    const std::uint64_t from = std::max(finding.first_ns, story.recording_of(asking).begin_ns);  // it may be about what began before
    for (const Absence& absence : finding.absences) {
        const Blind blind = story.blind(absence.witness, absence.of, asking, from, std::max({from, finding.last_ns, absence.until_ns}), around_ns);
        if (blind == Blind::no) continue;
        finding.certainty = Certainty::likely;
        const std::string where = place(story, absence.witness);
        if (blind == Blind::lost) {
            finding.reasons.push_back("records were lost around that time, so what was not seen may have been there");
            if (finding.settle.empty()) finding.settle = "record again without loss (--buffer)";
        } else if (blind == Blind::outside) {
            finding.reasons.push_back(fmt::format("what was recorded on {} does not cover all of that time", where));
            if (finding.settle.empty()) finding.settle = fmt::format("record on {} from before the trouble until after it", where);
        } else {
            finding.reasons.push_back(fmt::format("the clock of {} could not be compared, so what it did not see may lie at another time", where));
            if (finding.settle.empty()) finding.settle = fmt::format("record again while something passes between the hosts that both see: that tells the clock of {}", where);
        }
        return;
    }
}

void tidy(Finding& finding) {
    std::sort(finding.evidence.begin(), finding.evidence.end());
    finding.evidence.erase(std::unique(finding.evidence.begin(), finding.evidence.end()), finding.evidence.end());
    if (finding.evidence.size() > most_evidence) finding.evidence.resize(most_evidence);
}

void fold_into(Finding& first, Finding&& again) {
    first.count += again.count;
    first.first_ns = std::min(first.first_ns, again.first_ns);
    first.last_ns = std::max(first.last_ns, again.last_ns);
    for (const ConnectionId id : again.connections)
        if (first.connections.size() < most_connections) first.connections.push_back(id);
    if (first.evidence.size() < most_evidence) first.evidence.insert(first.evidence.end(), again.evidence.begin(), again.evidence.end());
}

std::vector<Finding> fold(std::vector<Finding> findings, const Story& story) {
    std::vector<Finding> folded;
    std::unordered_map<std::string, std::size_t> places;
    for (Finding& finding : findings) {
        const std::string key = fmt::format("{}\n{}\n{}\n{}", finding.rule, name(finding.culprit), name(finding.certainty), finding.fold_key);
        const auto [at, fresh] = places.emplace(key, folded.size());
        if (fresh)
            folded.push_back(std::move(finding));
        else
            fold_into(folded[at->second], std::move(finding));
    }
    for (Finding& finding : folded) {
        tidy(finding);
        if (finding.count < 2) continue;
        const std::uint64_t spread = finding.last_ns - finding.first_ns;
        finding.headline.insert(0, repeats_text(finding));
        finding.reasons.insert(finding.reasons.begin(),
                               fmt::format("{} times, first {} and last {} after the recording began, on average every {}; the first is told here", finding.count,
                                           duration_text(finding.first_ns > story.begin_ns ? finding.first_ns - story.begin_ns : 0),
                                           duration_text(finding.last_ns > story.begin_ns ? finding.last_ns - story.begin_ns : 0),
                                           duration_text(spread / (finding.count - 1))));
    }
    return folded;
}

}  // namespace

std::string repeats_text(const Finding& finding) {
    return finding.count < 2 ? "" : fmt::format("{} times in {}: ", finding.count, duration_text(finding.last_ns - finding.first_ns));
}

namespace {

/// What each rule finds by itself. Rules only read: where there is much to read, several do at once.
std::vector<std::vector<Finding>> find_each(const Story& story) {
    constexpr std::size_t much = 100'000;
    std::vector<std::vector<Finding>> found(rules().size());
    in_parallel(found.size(), story.connections.size() < much ? 1 : spare_processors(), [&](std::size_t i) { found[i] = rules()[i].find(story); });
    return found;
}

}  // namespace

std::vector<Finding> find_all(const Story& story) {
    std::vector<Finding> standing;
    Claims claims;
    for (std::vector<Finding>& found : find_each(story)) {
        std::sort(found.begin(), found.end(), [](const Finding& a, const Finding& b) { return a.first_ns < b.first_ns; });
        for (Finding& finding : found)
            if (claims.settle(standing, finding)) standing.push_back(std::move(finding));
    }
    name_interposers(story, standing);
    for (Finding& finding : standing) limit_by_blindness(finding, story);
    std::vector<Finding> all = fold(std::move(standing), story);
    std::stable_sort(all.begin(), all.end(), [](const Finding& a, const Finding& b) { return a.first_ns < b.first_ns; });
    return all;
}

}  // namespace tcpwitness
