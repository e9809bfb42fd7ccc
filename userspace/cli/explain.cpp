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
void section_about_proof(const Rule& rule) {
    fmt::print("\nWhat makes it proven\n");
    if (rule.proofs.empty()) {
        fmt::print("    Nothing: the finding is never called proven.\n");
        return;
    }
    std::size_t number = 0;
    for (const Proof& proof : rule.proofs) {
        const std::string excluding = proof.excludes ? ". Each of these must be excluded; where one is not, it is likely only:" : ".";
        fmt::print("{}", wrapped(proof.ground + excluding, fmt::format("    {}. ", ++number), 100));
        for (const OtherExplanation& other : other_explanations())
            if (holds(proof.excludes, other.id)) fmt::print("{}", wrapped(fmt::format("{}. What excludes it: {}", other.what, other.excluded), "       - ", 100));
    }
}

}  // namespace

int run_explain(const std::vector<std::string>& words) {
    const CommandLine line{"explain", "RULE", "Explains a finding: what it means, how it is recognised, what makes it proven, what it is not, what to do next.",
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
        section_about_proof(rule);
        section("What it is not", rule.not_this);
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
