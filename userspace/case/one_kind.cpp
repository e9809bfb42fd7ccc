#include "case/one_kind.h"

#include <map>
#include <tuple>
#include <vector>

namespace tcpwitness {

namespace {

constexpr std::uint32_t why_again = segment_mark::rto | segment_mark::fast | segment_mark::loss_probe | segment_mark::too_big;
constexpr std::uint32_t kinds = why_again | segment_mark::out_of_order;

using Key = std::tuple<std::uint32_t, std::uint32_t, std::uint32_t, std::uint32_t, std::uint16_t, std::uint8_t>;

Key key_of(const Segment& segment) { return {segment.seq, segment.ack, segment.payload, segment.tsval, segment.ip_id, segment.flags}; }

std::map<Key, std::vector<Segment*>> segments(Connection& c, bool outgoing) {
    std::map<Key, std::vector<Segment*>> all;
    for (Event& event : c.events)
        if (Segment* segment = event.as<Segment>(); segment && segment->outgoing == outgoing && segment->payload) all[key_of(*segment)].push_back(segment);
    return all;
}

void tell(Connection& sender, Connection& receiver) {
    const auto sent = segments(sender, true);
    auto came = segments(receiver, false);
    for (auto& [key, arrived] : came) {
        const auto left = sent.find(key);
        if (left == sent.end()) continue;
        // Of those that look the same, the last ones arrived: what was lost was sent again.
        auto theirs = left->second.rbegin();
        for (auto own = arrived.rbegin(); own != arrived.rend() && theirs != left->second.rend(); ++own, ++theirs) {
            const std::uint32_t told = (*theirs)->marks & kinds, late = (*own)->marks & kinds;
            (*own)->marks &= ~kinds;
            (*own)->marks |= told ? told : late ? segment_mark::out_of_order : 0;
        }
    }
}

bool captured(const Connection& c) { return c.wire && !c.cookie && !c.socket_id; }

}  // namespace

void agree_on_kinds(Story& story) {
    for (const Conversation& both : story.conversations) {
        Connection *client = story.connection(both.client), *server = story.connection(both.server);
        if (!client || !server || client->witness == server->witness || !captured(*client) || !captured(*server)) continue;
        tell(*client, *server);
        tell(*server, *client);
    }
}

}  // namespace tcpwitness
