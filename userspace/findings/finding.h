// What a rule concludes, and the table of rules.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "correlate/story.h"
#include "findings/proof.h"

namespace tcpwitness {

enum class Culprit : std::uint8_t {
    local_application, local_kernel, local_configuration, local_firewall, path, peer_host, peer_application, unknown,
};
const char* name(Culprit);  ///< contract: "local-application", ...

enum class Certainty : std::uint8_t { possible, likely, proven };
const char* name(Certainty);

/// What it cost those whom it met.
enum class Harm : std::uint8_t {
    none,     ///< tells how things stand
    delay,    ///< it took longer, and got through
    failure,  ///< something was not done, or nobody knows that it was
};

/// Something was not seen, and that is part of a proof: it counts as far as the witness could have told of it.
struct Absence {
    WitnessId witness = 0;
    Evidence of{};
    std::uint64_t until_ns = 0;  ///< where it lasts longer than what the finding tells
    std::optional<WitnessId> by = {};  ///< whose events it is held against, where they are not those of the finding's own end
};

struct Finding {
    std::string rule;       ///< id in the catalogue
    Culprit culprit = Culprit::unknown;
    Certainty certainty = Certainty::possible;
    Harm harm = Harm::failure;
    std::string headline;   ///< one sentence, with the numbers and the names
    std::vector<std::string> reasons;     ///< each mark or step of the reasoning, one sentence each
    std::vector<std::uint64_t> evidence;  ///< event ids, ascending
    std::string settle;     ///< what would raise the certainty; empty when proven
    std::vector<ConnectionId> connections;  ///< those it is about; the first is the example when repeats are folded
    std::uint64_t count = 1;                ///< how many times, folded
    std::uint64_t first_ns = 0, last_ns = 0;
    std::vector<Absence> absences;          ///< on whose silence the proof leans
    const Proof* proof = nullptr;           ///< on which ground it is called proven; kept where that did not hold
    Others excluded = 0;                    ///< what the rule excluded by its own evidence
    std::uint64_t cause_ns = 0;             ///< when what it tells began, so that its effects lie after; 0: first_ns
    std::uint64_t onset_ns = 0;             ///< when its trouble was there, so that its cause lies before; 0: last_ns
    const char* benign = nullptr;           ///< no trouble after all, but this pattern (benign.h): counted, not raised
    bool state = false;     ///< tells how things stand and judges nobody: beside the findings about the same connections, not instead of them
    bool beside = false;    ///< tells a trouble of its connections that explains no other: it claims none of them
    std::uint64_t weight = 0;  ///< of repeats, the one with the most is told: how long it lasted, how many it took; all 0: the first
    std::string fold_key;   ///< findings of one rule with the same key are repeats; rules fill it, output ignores it
};

/// One row per rule: everything that help, docs, `explain`, `rules` and dispatch need.
struct Rule {
    const char* id;
    const char* summary;     ///< one line: what happened
    const char* meaning;     ///< what it means
    const char* recognised;  ///< how it is recognised
    const char* not_this;    ///< what it is not; what may look like it
    const char* next;        ///< what to do next
    std::vector<Finding> (*find)(const Story&);
    std::span<const Proof> proofs = {};  ///< every ground on which it says `proven`
};

/// The catalogue, in the order in which rules run and claim connections.
std::span<const Rule> rules();

/// The first line of a report. verdict.h makes it.
struct Verdict {
    enum class What : std::uint8_t { clean, trouble, undecided };
    What what = What::undecided;
    std::string sentence;              ///< without the word itself: "2 findings; the gravest: ..."
    std::vector<std::string> reasons;  ///< each thing that keeps the evidence from covering it; also beside trouble
    std::uint64_t findings = 0;        ///< that tell trouble
    std::uint64_t benign = 0;          ///< times that a benign pattern was met
    std::uint64_t connections = 0, of_connections = 0;  ///< chosen by the filter, of all; listening sockets are none
};
const char* name(Verdict::What);  ///< "clean"

/// What became of every connection in trouble. Both sorted by first_ns.
struct Judgement {
    Verdict verdict;
    std::vector<Finding> findings;
    std::vector<Finding> benign;  ///< harmless patterns, one for each kind and place, with their count
};

/// Runs every rule over the story, settles overlaps (two findings about one cause become one), accounts for every trouble that no rule
/// explains, checks what was called proven, folds repeats.
/// `told`: which findings are, before repeats are folded; none: all.
Judgement judge(const Story&, const std::function<bool(const Finding&)>& told = {});
/// The findings alone.
std::vector<Finding> find_all(const Story&);

/// Which of two a reader should see first: the graver one, then the surer one, then the one that met many more (ten times as many). Else neither.
bool weighs_more(const Finding&, const Finding&);

/// How a folded finding's headline begins: "12 times in 3.0 s: "; empty when it came once.
std::string repeats_text(const Finding&);

}  // namespace tcpwitness
