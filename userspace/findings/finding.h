// What a rule concludes, and the table of rules.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "correlate/story.h"

namespace tcpwitness {

enum class Culprit : std::uint8_t {
    local_application, local_kernel, local_configuration, local_firewall, path, peer_host, peer_application, unknown,
};
const char* name(Culprit);  ///< contract: "local-application", ...

enum class Certainty : std::uint8_t { possible, likely, proven };
const char* name(Certainty);

/// Something was not seen, and that is part of a proof: it counts as far as the witness could have told of it.
struct Absence {
    WitnessId witness = 0;
    Evidence of{};
    std::uint64_t until_ns = 0;  ///< where it lasts longer than what the finding tells
};

struct Finding {
    std::string rule;       ///< id in the catalogue
    Culprit culprit = Culprit::unknown;
    Certainty certainty = Certainty::possible;
    std::string headline;   ///< one sentence, with the numbers and the names
    std::vector<std::string> reasons;     ///< each mark or step of the reasoning, one sentence each
    std::vector<std::uint64_t> evidence;  ///< event ids, ascending
    std::string settle;     ///< what would raise the certainty; empty when proven
    std::vector<ConnectionId> connections;  ///< those it is about; the first is the example when repeats are folded
    std::uint64_t count = 1;                ///< how many times, folded
    std::uint64_t first_ns = 0, last_ns = 0;
    std::vector<Absence> absences;          ///< on whose silence the proof leans
    bool state = false;     ///< tells how things stand and judges nobody: beside the findings about the same connections, not instead of them
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
};

/// The catalogue, in the order in which rules run and claim connections.
std::span<const Rule> rules();

/// Runs every rule over the story, settles overlaps (two findings about one cause become one), limits certainty by
/// evidence gaps, folds repeats. Sorted by first_ns.
std::vector<Finding> find_all(const Story&);

/// How a folded finding's headline begins: "12 times in 3.0 s: "; empty when it came once.
std::string repeats_text(const Finding&);

}  // namespace tcpwitness
