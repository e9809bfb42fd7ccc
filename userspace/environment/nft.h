#pragma once

#include <cstdint>

#include "environment/facts.h"

namespace tcpwitness {

/// What nftables does to packets: chains that hang on a hook, and rules.
class Nft {
public:
    /// Topics `nft_chain`, `nft_rule` and `nft_counter`, of the network namespace the calling thread is in. Without `counters`, what has
    /// not changed since the last time is not read again.
    void add_to(Facts&, bool counters);

private:
    std::uint32_t generation_ = 0;  ///< the kernel's number of changes, as it stood at the last look
    Facts last_;
};

}  // namespace tcpwitness
