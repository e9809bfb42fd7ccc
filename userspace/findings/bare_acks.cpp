#include "findings/bare_acks.h"

#include <map>

#include "findings/packets_alone.h"

namespace tcpwitness {

std::set<WitnessId> without_bare_acks(const Story& story) {
    constexpr std::uint64_t many_packets = 20;
    std::map<WitnessId, std::uint64_t> packets;
    std::set<WitnessId> without;
    for (const Connection& c : story.with(trait::captured))
        if (by_packets(c) && c.wire->client.bytes + c.wire->server.bytes) packets[c.witness] += c.wire->client.packets + c.wire->server.packets;
    for (const auto& [witness, count] : packets)
        if (count >= many_packets) without.insert(witness);
    for (const Connection& c : story.with(trait::captured)) {
        if (without.empty()) break;
        if (by_packets(c) && c.wire->history.find_first_of("aA") != std::string::npos) without.erase(c.witness);
    }
    return without;
}

}  // namespace tcpwitness
