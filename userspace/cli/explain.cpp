#include <map>

#include <fmt/format.h>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "findings/finding.h"
#include "outputs/layout.h"

namespace tcpwitness {
namespace {

void section(const char* title, const char* text) {
    fmt::print("\n{}\n{}", title, wrapped(text, "    ", 100));
}

/// Each ground on which the rule says `proven`, and what that must exclude: from the same table by which findings are checked.
void proven_section(const Rule& rule) {
    fmt::print("\nWhat makes it proven\n");
    if (rule.proofs.empty()) {
        fmt::print("    Nothing: this finding is never called proven.\n");
        return;
    }
    Others all = 0;
    for (const Proof& proof : rule.proofs) all |= proof.excludes;
    std::map<Other, char> letters;
    for (const OtherExplanation& other : other_explanations())
        if (holds(all, other.id)) letters.emplace(other.id, static_cast<char>('a' + letters.size()));
    for (const Proof& proof : rule.proofs) {
        std::string text = proof.ground, excluding;
        for (const auto& [other, letter] : letters)
            if (holds(proof.excludes, other)) excluding += fmt::format("{}{}", excluding.empty() ? "" : ", ", letter);
        if (!excluding.empty()) text += fmt::format(" (excluded: {})", excluding);
        fmt::print("{}", wrapped(text, "    - ", 100));
    }
    if (letters.empty()) return;
    fmt::print("    - where one of these is not excluded, it is likely only:\n");
    for (const OtherExplanation& other : other_explanations())
        if (const auto letter = letters.find(other.id); letter != letters.end())
            fmt::print("{}", wrapped(fmt::format("{}: {}. What excludes it: {}", letter->second, other.what, other.excluded), "      - ", 100));
}

}  // namespace

int run_explain(const std::vector<std::string>& words) {
    const CommandLine line{"explain", "RULE", "Explains a finding: what it means, how it is recognised, what it is not, what to do next.",
                           {}, "  tcpwitness explain reset-forged\n"};
    const auto operands = parse(line, words);
    if (!operands) return complain(operands.error().message, exit_usage);
    if (operands->help_shown) return exit_done;
    const auto given = operands->all();
    if (given.size() != 1) return complain("explain needs the name of one rule; tcpwitness rules lists them", exit_usage);
    for (const Rule& rule : rules()) {
        if (given[0] != rule.id) continue;
        fmt::print("{}: {}\n", rule.id, rule.summary);
        section("What it means", rule.meaning);
        section("How it is recognised", rule.recognised);
        section("What it is not", rule.not_this);
        proven_section(rule);
        section("What to do next", rule.next);
        section("Example", fmt::format("docs/findings/{}.md", rule.id).c_str());
        return exit_done;
    }
    return complain("there is no rule '" + printable(given[0]) + "'; tcpwitness rules lists them", exit_usage);
}

int run_rules(const std::vector<std::string>& words) {
    const CommandLine line{"rules", "", "Lists the findings; tcpwitness explain RULE tells more about one.", {}, ""};
    const auto operands = parse(line, words);
    if (!operands) return complain(operands.error().message, exit_usage);
    if (operands->help_shown) return exit_done;
    if (const auto given = operands->all(); !given.empty()) return complain(unexpected_operand("rules", given[0]), exit_usage);
    for (const Rule& rule : rules()) fmt::print("{:<24} {}\n", rule.id, rule.summary);
    return exit_done;
}

}  // namespace tcpwitness
