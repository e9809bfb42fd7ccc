// Which findings of a story that goes on deserve a line now.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "findings/finding.h"

namespace tcpwitness {

/// Says a finding about a second after it first happened, again when it has become surer, and its repeats now and then with their count.
/// Remembers what it said; how much it remembers is bounded.
class Announcer {
public:
    static constexpr std::uint64_t settle_ns = 1'000'000'000;        ///< both ends of a session have had their say by then
    static constexpr std::uint64_t repeat_every_ns = 10'000'000'000;
    static constexpr std::uint64_t remember_ns = 30'000'000'000;     ///< after the story has forgotten it
    static constexpr std::size_t most_remembered = 10'000;

    /// Headlines to print now. `findings` is what find_all() makes of the story as it is.
    std::vector<Finding> due(std::span<const Finding> findings, std::uint64_t now_ns);
    /// At the end nothing waits any more: what has not settled, and the final count of what was repeated since its last line.
    std::vector<Finding> last(std::span<const Finding> findings);

    /// The story has forgotten: what `findings` no longer count has happened all the same.
    void rebase(std::span<const Finding> findings, std::uint64_t now_ns);

    /// When due() has something to say even if nothing new happens; UINT64_MAX: never.
    std::uint64_t look_again_ns() const { return look_again_ns_; }
    bool idle() const { return said_.empty(); }

    std::uint64_t different() const { return different_; }  ///< findings said so far, repeats not counted
    bool overwhelmed() const { return overwhelmed_; }       ///< more different ones at once than it remembers: some were not said

private:
    struct Said {
        std::uint64_t forgotten = 0;  ///< times that the story does not hold any more
        std::uint64_t count = 0;      ///< times in all
        std::uint64_t told_count = 0, told_ns = 0, told_last_ns = 0;
        std::size_t told_headline = 0;
        std::uint32_t culprits = 0;   ///< those told, a bit each
        Certainty certainty = Certainty::possible;
        std::uint64_t seen_ns = 0;
    };
    /// Findings about one matter, which differ in culprit or certainty.
    struct Matter {
        std::string key;
        std::vector<const Finding*> findings;
        std::uint64_t count = 0;
    };
    std::vector<Matter> matters(std::span<const Finding> findings, std::uint64_t now_ns);
    std::vector<Finding> say(std::span<const Finding> findings, std::uint64_t now_ns, bool end);
    void tell(const Matter&, std::uint64_t now_ns, bool end, std::vector<Finding>& out);
    Said* remember(const std::string& key, std::uint64_t now_ns);

    std::unordered_map<std::string, Said> said_;
    std::uint64_t look_again_ns_ = UINT64_MAX, different_ = 0;
    bool overwhelmed_ = false;
};

}  // namespace tcpwitness
