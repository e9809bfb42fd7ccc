// The collector's end of the packets that wait for their connection (bpf/kept.h): counts those that have waited in vain.
#pragma once

#include <cstdint>
#include <functional>

#include "bpf/options.h"

namespace tcpwitness {

/// How many sets the programs get, for rings of `buffer_bytes`: about as much memory. A power of two.
std::uint32_t kept_sets(std::uint64_t buffer_bytes);

/// Memory is the caller's and outlives this; the programs work in it at the same time.
class KeptPackets {
public:
    KeptPackets(tw_kept_set* sets, std::uint32_t count) : sets_(sets), count_(count) {}

    using Counted = std::function<void(const tw_held_key&)>;

    /// Takes out every packet that has waited since before `before_ns` (boot clock) and says as what it is to be counted.
    void count_older(std::uint64_t before_ns, const Counted&);

private:
    tw_kept_set* sets_;
    std::uint32_t count_;
};

}  // namespace tcpwitness
