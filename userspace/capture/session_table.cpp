#include "capture/session_table.h"

#include <cstring>
#include <random>

namespace tcpwitness {

namespace {

/// Drawn once for each run: whoever makes a capture shall not choose tuples that all meet in one place.
const std::uint64_t secret = [] {
    std::random_device device;
    return (std::uint64_t{device()} << 32 | device()) | 1;
}();

std::uint64_t mix(std::uint64_t value) {
    const auto wide = static_cast<unsigned __int128>(value ^ secret) * 0x9e3779b97f4a7c15ull;
    return static_cast<std::uint64_t>(wide) ^ static_cast<std::uint64_t>(wide >> 64);
}

std::uint64_t hash_end(const Address& address, std::uint16_t port) {
    std::uint64_t halves[2];
    std::memcpy(halves, address.bytes.data(), sizeof halves);
    return mix(mix(halves[0] + port) + halves[1]);
}

bool is(const Endpoint& end, const Address& address, std::uint16_t port) {
    return end.port == port && end.address.family == address.family && std::memcmp(end.address.bytes.data(), address.bytes.data(), address.bytes.size()) == 0;
}

/// Sets `from_server` where the session is the packet's.
bool is_of(const Session& session, const Packet& packet, bool& from_server) {
    if (is(session.client, packet.source, packet.source_port) && is(session.server, packet.destination, packet.destination_port)) {
        from_server = false;
        return true;
    }
    if (!is(session.server, packet.source, packet.source_port) || !is(session.client, packet.destination, packet.destination_port)) return false;
    from_server = true;
    return true;
}

}  // namespace

SessionTable::SessionTable() : slots_(1024) {}

std::uint32_t SessionTable::hash_of(const Packet& packet) {
    return static_cast<std::uint32_t>(mix(hash_end(packet.source, packet.source_port) + hash_end(packet.destination, packet.destination_port)) >> 32);
}

const Session* SessionTable::likely(std::uint32_t hash) const {
    const std::size_t mask = slots_.size() - 1;
    for (std::size_t i = hash & mask; slots_[i].place != none; i = (i + 1) & mask)
        if (slots_[i].hash == hash) return &sessions_[slots_[i].place];
    return nullptr;
}

Session* SessionTable::find(const Packet& packet, std::uint32_t hash, bool& from_server) {
    if (last_ != none)
        if (Session& session = sessions_[last_]; session.live && is_of(session, packet, from_server)) return &session;
    const std::size_t mask = slots_.size() - 1;
    for (std::size_t i = hash & mask; slots_[i].place != none; i = (i + 1) & mask) {
        if (slots_[i].hash != hash) continue;
        Session& session = sessions_[slots_[i].place];
        if (!is_of(session, packet, from_server)) continue;
        last_ = slots_[i].place;
        return &session;
    }
    return nullptr;
}

Session& SessionTable::insert(const Packet& packet, std::uint32_t hash, bool client_sends) {
    if ((live_ + 1) * 2 > slots_.size()) grow();
    std::uint32_t place;
    if (!free_.empty()) {
        place = free_.back();
        free_.pop_back();
    } else {
        place = static_cast<std::uint32_t>(sessions_.size());
        sessions_.push_back();
    }
    Session& session = sessions_[place];
    const Endpoint source{packet.source, packet.source_port}, destination{packet.destination, packet.destination_port};
    session.client = client_sends ? source : destination;
    session.server = client_sends ? destination : source;
    session.hash = hash;
    session.live = true;
    put(session.hash, place);
    ++live_;
    last_ = place;
    return session;
}

void SessionTable::put(std::uint32_t hash, std::uint32_t place) {
    const std::size_t mask = slots_.size() - 1;
    std::size_t i = hash & mask;
    while (slots_[i].place != none) i = (i + 1) & mask;
    slots_[i] = {hash, place};
}

void SessionTable::grow() {
    decltype(slots_) old(slots_.size() * 2);
    old.swap(slots_);
    for (const Slot& slot : old)
        if (slot.place != none) put(slot.hash, slot.place);
}

void SessionTable::erase(Session& session) {
    const std::size_t mask = slots_.size() - 1;
    std::size_t hole = session.hash & mask;
    while (&sessions_[slots_[hole].place] != &session) hole = (hole + 1) & mask;
    const std::uint32_t place = slots_[hole].place;
    // What stands behind moves up where its own place allows, so that every search still ends at the first free slot.
    for (std::size_t i = (hole + 1) & mask; slots_[i].place != none; i = (i + 1) & mask) {
        const std::size_t home = slots_[i].hash & mask;
        if (((i - home) & mask) < ((i - hole) & mask)) continue;
        slots_[hole] = slots_[i];
        hole = i;
    }
    slots_[hole] = {};
    // The memory of what was in flight serves the next one.
    SentRanges kept[2] = {std::move(session.sides[0].sent), std::move(session.sides[1].sent)};
    session = Session{};
    for (int i = 0; i < 2; ++i) {
        kept[i].forget();
        kept[i].expect();
        session.sides[i].sent = std::move(kept[i]);
    }
    if (last_ == place) last_ = none;
    free_.push_back(place);
    --live_;
}

}  // namespace tcpwitness
