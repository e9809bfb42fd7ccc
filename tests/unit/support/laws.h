// What must hold of every judgement, whatever the story: tests walk all stories that they have. Each returns one sentence for each violation.
#pragma once

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "findings/finding.h"
#include "findings/trouble.h"

namespace tcpwitness {

/// Law 1: each connection that shows trouble, or its other end, has a place as a finding or as a benign pattern.
inline std::vector<std::string> without_place(const Story& story, const Judgement& judged) {
    std::set<ConnectionId> placed;
    for (const auto* all : {&judged.findings, &judged.benign})
        for (const Finding& f : *all) placed.insert(f.connections.begin(), f.connections.end());
    std::vector<std::string> violations;
    for (const Connection& c : story.connections) {
        const Connection* other = story.other_end(c);
        if (placed.contains(c.id) || (other && placed.contains(other->id))) continue;
        for (const TroubleSign& sign : trouble_of(story, c)) violations.push_back("#" + std::to_string(c.id) + " has no place: " + sign.text);
    }
    return violations;
}

/// Law 2: the first line is "clean" only where nothing else tells trouble or a want of evidence.
inline std::vector<std::string> false_comfort(const Judgement& judged) {
    std::vector<std::string> violations;
    if (judged.verdict.sentence.empty()) violations.push_back("the verdict has no sentence");
    if (judged.verdict.what != Verdict::What::clean) return violations;
    for (const Finding& f : judged.findings)
        if (!f.state) violations.push_back("clean, and yet: " + f.headline);
    for (const std::string& reason : judged.verdict.reasons) violations.push_back("clean, and yet: " + reason);
    return violations;
}

/// Law 3: what is told as an effect did not happen before its cause. The rules are asked once more, each by itself, for the times of both.
inline std::vector<std::string> effects_before_causes(const Story& story, const Judgement& judged) {
    std::vector<Finding> raw;
    for (const Rule& rule : rules())
        for (Finding& f : rule.find(story)) raw.push_back(std::move(f));
    const auto witness = [&](const Finding& f) {
        const Connection* c = f.connections.empty() ? nullptr : story.connection(f.connections.front());
        return c ? c->witness : WitnessId{0};
    };
    std::vector<std::string> violations;
    for (const Finding& f : judged.findings)
        for (const std::string& reason : f.reasons) {
            if (!reason.starts_with("its effect (")) continue;
            bool known = false, may_be = false;
            for (const Finding& cause : raw) {
                if (cause.rule != f.rule || f.headline.find(cause.headline) == std::string::npos) continue;
                for (const Finding& effect : raw) {
                    if (reason != "its effect (" + effect.rule + "): " + effect.headline) continue;
                    known = true;
                    const std::uint64_t began = cause.cause_ns ? cause.cause_ns : cause.first_ns, came = effect.onset_ns ? effect.onset_ns : effect.last_ns;
                    may_be |= began <= came + story.uncertainty_ns(witness(cause), witness(effect));
                }
            }
            if (known && !may_be) violations.push_back(f.headline + " is no cause of what came before: " + reason);
        }
    return violations;
}

/// Law 4: each proof stands on a ground that its own rule states, and says on whose silence it leans where it leans on any.
inline std::vector<std::string> baseless_proofs(const Judgement& judged) {
    std::vector<std::string> violations;
    for (const Finding& f : judged.findings) {
        if (f.certainty != Certainty::proven) continue;
        const auto rule = std::find_if(rules().begin(), rules().end(), [&](const Rule& one) { return f.rule == one.id; });
        const bool stated = f.proof && rule != rules().end() && std::any_of(rule->proofs.begin(), rule->proofs.end(), [&](const Proof& one) { return &one == f.proof; });
        if (!stated) violations.push_back(f.rule + " is proven on no ground of its own: " + f.headline);
        if (stated && holds(f.proof->excludes, Other::records_lost) && f.absences.empty()) violations.push_back(f.rule + " does not say whose silence proves it: " + f.headline);
    }
    return violations;
}

/// All four.
inline std::vector<std::string> law_breaches(const Story& story) {
    const Judgement judged = judge(story);
    std::vector<std::string> all = without_place(story, judged);
    for (auto&& some : {false_comfort(judged), effects_before_causes(story, judged), baseless_proofs(judged)}) all.insert(all.end(), some.begin(), some.end());
    return all;
}

}  // namespace tcpwitness
