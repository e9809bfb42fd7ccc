#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "model/event.h"

namespace tcpwitness {

/// Of a gap that is not one processor's.
inline constexpr std::uint16_t any_cpu = 0xffff;

/// Follows the numbers that every cpu gives its records, and turns those that are missing and that no gap record explains into Gap events:
/// a loss is never silent, whoever caused it. Numbers may come late, and wrap around at 2^32; 0 means "no number".
class SequenceCheck {
public:
    /// False: that number came before, so this is a copy of that record (a file merged with itself).
    bool see(std::uint16_t cpu, std::uint32_t number, std::uint64_t time_ns);

    /// The recorder says that it took these numbers in and did not write them: what the filter does not choose is no loss.
    void excuse(std::uint16_t cpu, std::uint32_t first, std::uint32_t last, std::uint64_t time_ns);

    /// A loss that the recorder itself wrote down; any_cpu: more than one.
    void explain(std::uint16_t cpu, const Gap& gap);

    /// Appends a Gap event for every unexplained loss; neighbours become one. `begin_ns`: when the recording began.
    void finish(std::uint64_t begin_ns, std::vector<Event>& out);

private:
    struct Hole {
        std::uint64_t last, from_ns, to_ns;
    };
    struct Cpu {
        std::uint64_t next = 1;  ///< wide, so that it does not wrap
        std::uint64_t last_time_ns = 0;
        bool seen = false;
        std::map<std::uint64_t, Hole> holes;  ///< by first missing number
    };
    struct Declared {
        std::uint64_t from_ns, to_ns, left;
    };
    struct Missing {
        std::uint16_t cpu;
        std::uint64_t from_ns, to_ns, lost;
    };
    static bool fill(Cpu& cpu, std::uint64_t number);
    static void fill(Cpu& cpu, std::uint64_t first, std::uint64_t last);
    static void absorb(std::vector<Declared>& declared, std::size_t& first, Missing& missing);

    std::map<std::uint16_t, Cpu> cpus_;
    std::unordered_map<std::uint16_t, std::vector<Declared>> declared_;
    Cpu* last_ = nullptr;  ///< records come in runs of one cpu
    std::uint16_t last_cpu_ = 0;
};

}  // namespace tcpwitness
