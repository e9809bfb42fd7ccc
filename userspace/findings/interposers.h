// Software on a recorded host that can alter, drop or answer traffic: what its trace says of its configuration.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "findings/finding.h"

namespace tcpwitness {

struct Interposer {
    enum class Effect : std::uint8_t { drops, resets, other };  ///< other: may do anything, also to packets that it lets pass
    const Event* fact = nullptr;  ///< as it was found, or came
    WitnessId witness = 0;
    bool of_host = false;
    Effect effect{};
    std::string text;             ///< "nftables rule inet t f handle 3 (tcp dport 5061 drop)"
    std::string condition;        ///< of a firewall's rule: its words; else empty
    std::uint64_t from_ns = 0, to_ns = ~std::uint64_t{0};
    const Event* counted = nullptr;  ///< how far its counter moved
};

/// All that were there at some time of the recording.
std::vector<Interposer> interposers(const Story&);

/// False when the words of a rule exclude a packet between these ends: another port, address or protocol. What they do not tell may be.
bool may_match(std::string_view rule, const Endpoint& source, const Endpoint& destination);
/// False when the words of a rule exclude this flow in both directions: another port, address or protocol. What they do not tell may be.
bool may_touch(const std::string& condition, const Flow&);

/// For findings whose time and place leave room for it: names what on the way can have done it, as a reason.
void name_interposers(const Story&, std::vector<Finding>&);

/// "nftables in mid (1 rule that drops or rejects), XDP in edge"; empty when there are none.
std::string interposers_text(const Story&);

}  // namespace tcpwitness
