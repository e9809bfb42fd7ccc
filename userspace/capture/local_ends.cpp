#include "capture/local_ends.h"

#include <algorithm>
#include <limits>

namespace tcpwitness {

namespace {

constexpr std::size_t most_nodes = 10'000, most_addresses = 64;
constexpr std::uint64_t without_mac = std::uint64_t{1} << 32;
constexpr std::uint64_t many_times = 4;

bool as_sent(std::uint8_t ttl) { return ttl == 64 || ttl == 128 || ttl == 255; }

}  // namespace

void LocalEnds::learn(const Session& session) {
    const std::uint64_t server_part = session.syn_ack_us;
    const std::uint64_t client_part = session.handshake_rtt_us > session.syn_ack_us ? session.handshake_rtt_us - session.syn_ack_us : 0;
    std::uint64_t known[2] = {};
    bool counted = false;
    for (const bool is_server : {false, true}) {
        const Side& side = session.side(is_server);
        if (side.wire.packets == 0) continue;
        const Address& address = (is_server ? session.server : session.client).address;
        if (side.local_votes && votes_.size() < most_nodes) {  // what came in, came to the other end
            votes_[address] += side.local_votes;
            votes_[(is_server ? session.client : session.server).address] -= side.local_votes;
        }
        const std::uint64_t number = side.mac ? side.mac : number_of(address);
        if (number == 0 || (nodes_.size() >= most_nodes && !nodes_.contains(number))) continue;
        Node& node = nodes_[number];
        counted = true;
        if (!as_sent(side.wire.ttl)) node.routed = true;
        if (node.addresses.size() < most_addresses) node.addresses.insert(address);
        if (session.handshake_rtt_us && session.syn_ack_us) {
            node.near_us += is_server ? server_part : client_part;
            node.far_us += is_server ? client_part : server_part;
        }
        known[is_server] = number;
        if (!is_server || known[0] != number) ++node.sessions;
    }
    sessions_ += counted;
}

/// 0: there are too many.
std::uint64_t LocalEnds::number_of(const Address& address) {
    if (numbers_.size() >= most_nodes && !numbers_.contains(address)) return 0;
    return numbers_.emplace(address, without_mac + numbers_.size()).first->second;
}

void LocalEnds::learn(const LocalEnds& other, const std::vector<std::uint16_t>& numbers) {
    for (const auto& [address, votes] : other.votes_) votes_[address] += votes;
    std::map<std::uint64_t, std::uint64_t> here;
    for (const auto& [address, number] : other.numbers_) here[number] = number_of(address);
    for (const auto& [number, theirs] : other.nodes_) {
        const std::uint64_t own = number < without_mac ? numbers[number] : here[number];
        if (own == 0) continue;
        Node& node = nodes_[own];
        node.sessions += theirs.sessions;
        node.near_us += theirs.near_us;
        node.far_us += theirs.far_us;
        node.routed |= theirs.routed;
        node.addresses.insert(theirs.addresses.begin(), theirs.addresses.end());
    }
    sessions_ += other.sessions_;
}

bool LocalEnds::seen(const std::vector<Address>& host) const {
    return std::any_of(host.begin(), host.end(), [&](const Address& address) {
        return std::any_of(nodes_.begin(), nodes_.end(), [&](const auto& one) { return one.second.addresses.contains(address); });
    });
}

void LocalEnds::decide(const std::vector<std::vector<Address>>& given) {
    const auto is_here = [&](const std::vector<Address>& host) { return seen(host); };
    if (std::count_if(given.begin(), given.end(), is_here) == 1) {
        const auto& own = *std::find_if(given.begin(), given.end(), is_here);
        addresses_.insert(own.begin(), own.end());
    }
    if (addresses_.empty())
        for (const auto& [address, votes] : votes_)
            if (votes > 0) addresses_.insert(address);
    if (addresses_.empty()) decide_by_nodes();
}

bool LocalEnds::nearer(const Node& node) const { return node.far_us > 0 && node.near_us * many_times <= node.far_us; }

void LocalEnds::decide_by_nodes() {
    std::vector<std::pair<std::uint64_t, const Node*>> in_all;
    for (const auto& [number, node] : nodes_)
        if (node.sessions * 100 >= sessions_ * 99) in_all.emplace_back(number, &node);
    std::erase_if(in_all, [](const auto& one) { return one.second->routed; });
    if (in_all.size() > 1) std::erase_if(in_all, [&](const auto& one) { return !nearer(*one.second); });
    if (in_all.size() != 1) return;
    // One pair of hosts that no router parts: either may be the capturing one.
    const Node& node = *in_all.front().second;
    const bool both_direct = nodes_.size() == 2 && std::none_of(nodes_.begin(), nodes_.end(), [](const auto& one) { return one.second.routed; });
    if (both_direct && !nearer(node)) return;
    node_ = in_all.front().first;
    addresses_ = node.addresses;
}

bool LocalEnds::is_local(const Address& address, std::uint16_t mac) const {
    if (addresses_.contains(address)) return true;
    return node_ != 0 && node_ < without_mac && mac == node_;
}

}  // namespace tcpwitness
