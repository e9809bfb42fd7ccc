#include "correlate/connection_index.h"

#include <algorithm>

#include "correlate/story.h"

namespace tcpwitness {

namespace {

std::uint64_t key(const Connection& c, By by) {
    switch (by) {
        case By::flow: return FlowHash{}(c.flow);
        case By::peer_address: return key_of(c.witness, c.flow.peer.address);
        case By::local_port: return key_of(c.witness, c.flow.local.port);
        case By::listener: return c.listener;
        case By::process:
            if (c.role == Role::server) return key_of(c.witness, c.owner.pid);
            return c.role == Role::client ? key_of(c.witness, c.owner.pid, c.flow.peer.port, c.flow.peer.address.family) : 0;
    }
    return 0;
}

bool tells(std::uint64_t traits) { return traits & ~healthy; }

}  // namespace

std::uint64_t key_of(WitnessId witness, const Address& address) { return (AddressHash{}(address) ^ (std::uint64_t{witness} + 1)) * 0x9e3779b97f4a7c15u; }
std::uint64_t key_of(WitnessId witness, std::uint32_t port_or_pid) { return (std::uint64_t{witness} + 1) << 32 | port_or_pid; }

std::uint64_t key_of(WitnessId witness, std::uint32_t pid, std::uint16_t peer_port, Address::Family family) {
    return (key_of(witness, pid) ^ std::uint64_t{peer_port} << 48 ^ std::uint64_t{static_cast<std::uint8_t>(family)} << 40) * 0x9e3779b97f4a7c15u;
}

std::uint64_t traits_of(const Connection& c) {
    std::uint64_t traits = c.signs;
    const bool there_before = c.preexisting && c.has(sign::established);
    if (c.is_listener()) traits |= trait::listener;
    else if (!there_before && (!c.has(sign::established) || !c.established_ns)) traits |= trait::unopened;
    if (c.error) traits |= trait::failed;
    if (c.established_ns && *c.established_ns >= c.begin_ns + trait::late_ns) traits |= trait::opened_late;
    if (c.wire) traits |= c.events.empty() ? trait::captured : trait::captured | trait::packets_kept;
    return traits;
}

ConnectionIndex& ConnectionIndex::operator=(const ConnectionIndex&) {
    listing_made_ = addresses_made_ = false;
    listed_.clear();
    for (Keyed& one : keyed_) one = {};
    addresses_.clear();
    forgotten_ = 0;
    return *this;
}

std::span<const ConnectionIndex::Listed> ConnectionIndex::listed(const Story& story) {
    const std::scoped_lock lock(making_);
    if (!listing_made_) {
        listing_made_ = true;
        listed_.clear();
        for (const Connection& c : story.connections)
            if (const std::uint64_t traits = traits_of(c); tells(traits)) listed_.push_back({c.id, traits});
    }
    return listed_;
}

void ConnectionIndex::Keyed::take(const Connection& c, By by) {
    const std::uint64_t of = key(c, by);
    if (!of && by != By::flow && by != By::peer_address) return;
    std::vector<ConnectionId>& ids = lists[of];
    if (!ids.empty() && ids.back() >= c.id) {
        const auto place = std::lower_bound(ids.begin(), ids.end(), c.id);
        if (place != ids.end() && *place == c.id) return;
        ids.insert(place, c.id);
    } else {
        ids.push_back(c.id);
    }
    ++entries;
}

std::vector<ConnectionId> ConnectionIndex::under(const Story& story, By by, std::uint64_t of) {
    const std::scoped_lock lock(making_);
    Keyed& keyed = keyed_[static_cast<std::size_t>(by)];
    if (!keyed.made) {
        keyed = {};
        keyed.made = true;
        for (const Connection& c : story.connections) keyed.take(c, by);
    }
    const auto at = keyed.lists.find(of);
    return at == keyed.lists.end() ? std::vector<ConnectionId>{} : at->second;
}

void ConnectionIndex::take_address(const Connection& c) {
    std::vector<WitnessId>& witnesses = addresses_[c.flow.local.address];
    if (std::find(witnesses.begin(), witnesses.end(), c.witness) == witnesses.end()) witnesses.push_back(c.witness);
}

std::vector<WitnessId> ConnectionIndex::witnesses_of(const Story& story, const Address& address) {
    const std::scoped_lock lock(making_);
    if (!addresses_made_ || forgotten_ > story.connections.size()) {
        addresses_made_ = true;
        forgotten_ = 0;
        addresses_.clear();
        for (const Connection& c : story.connections) take_address(c);
    }
    const auto at = addresses_.find(address);
    return at == addresses_.end() ? std::vector<WitnessId>{} : at->second;
}

void ConnectionIndex::retake(const Story& story, std::vector<ConnectionId> changed) {
    const bool asked = listing_made_ || addresses_made_ || std::any_of(keyed_.begin(), keyed_.end(), [](const Keyed& one) { return one.made; });
    if (!asked) return;
    std::sort(changed.begin(), changed.end());
    changed.erase(std::unique(changed.begin(), changed.end()), changed.end());
    std::vector<Listed> merged;
    auto before = listed_.begin();
    for (const ConnectionId id : changed) {
        const Connection* c = story.connection(id);
        if (!c) continue;
        for (std::size_t by = 0; by < keyed_.size(); ++by)
            if (keyed_[by].made) keyed_[by].take(*c, static_cast<By>(by));
        if (addresses_made_) take_address(*c);
        if (!listing_made_) continue;
        for (; before != listed_.end() && before->id < id; ++before) merged.push_back(*before);
        if (before != listed_.end() && before->id == id) ++before;
        if (const std::uint64_t traits = traits_of(*c); tells(traits)) merged.push_back({id, traits});
    }
    if (listing_made_) {
        merged.insert(merged.end(), before, listed_.end());
        listed_ = std::move(merged);
    }
    // Keys change now and then: what stands under an old one is in the way no more once the lists are made anew.
    for (Keyed& one : keyed_)
        if (one.entries > 2 * story.connections.size() + 1024) one = {};
}

void ConnectionIndex::forget(const std::unordered_set<ConnectionId>& gone) {
    std::erase_if(listed_, [&](const Listed& one) { return gone.contains(one.id); });
    forgotten_ += gone.size();
    for (Keyed& one : keyed_) {
        one.entries = 0;
        for (auto list = one.lists.begin(); list != one.lists.end();) {
            std::erase_if(list->second, [&](ConnectionId id) { return gone.contains(id); });
            one.entries += list->second.size();
            list = list->second.empty() ? one.lists.erase(list) : std::next(list);
        }
    }
}

const Connection& ConnectionsWith::Iterator::operator*() const { return *of_->story_->connection(of_->listed_[at_].id); }

}  // namespace tcpwitness
