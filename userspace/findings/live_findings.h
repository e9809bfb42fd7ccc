// Findings of a story that still grows: each is told once, and again only when it has become much bigger.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "correlate/correlator.h"
#include "findings/finding.h"

namespace tcpwitness {

/// Runs the rules over a growing, bounded story. Call step() every half second or so.
class LiveFindings {
public:
    struct Settings {
        std::uint64_t settle_ns = 1'000'000'000;  ///< a finding younger than this waits: the other end's events may still come
        std::uint64_t keep_ns = 60'000'000'000;   ///< how long a connection that has ended stays in the story
        std::uint64_t forget_every_ns = 5'000'000'000;
    };
    explicit LiveFindings(Correlator& correlator) : LiveFindings(correlator, Settings{}) {}
    LiveFindings(Correlator& correlator, Settings settings) : correlator_(correlator), settings_(settings) {}

    /// Findings that are new at `now_ns` (boot clock), or whose count has doubled since they were told. Forgets what is old.
    std::vector<Finding> step(std::uint64_t now_ns);
    /// Everything not told yet, settled or not: the recording ends.
    std::vector<Finding> finish();

private:
    struct Told {
        std::uint64_t count = 0, last_ns = 0;
    };
    std::vector<Finding> news(std::uint64_t until_ns);

    Correlator& correlator_;
    Settings settings_;
    std::unordered_map<std::string, Told> told_;
    std::uint64_t next_forget_ns_ = 0;
    std::uint64_t unsettled_until_ns_ = 0;  ///< rules run on until then even when nothing changes
};

}  // namespace tcpwitness
