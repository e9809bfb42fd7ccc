#include "live/socket_ledger.h"

#include <algorithm>
#include <cstring>

namespace tcpwitness {

namespace {

constexpr std::uint8_t none = 0, established = 1, syn_sent = 2, syn_recv = 3, time_wait = 6, closed = 7, listening = 10, new_syn_recv = 12;  // kernel numbers

/// Of a full socket that stands in the kernel's table until it is closed.
bool open_state(std::uint8_t state) {
    return state != none && state != closed && state != listening && state != time_wait && state < new_syn_recv;
}

template <typename Body> Body body_of(const tw_head& head, const void* data) {
    Body body{};
    if (head.size >= sizeof head + sizeof body) std::memcpy(&body, static_cast<const char*>(data) + sizeof head, sizeof body);
    return body;
}

}  // namespace

void SocketLedger::see(const tw_head& head, const void* data, std::uint64_t now_ns) {
    if (!head.cookie) return;
    switch (head.kind) {
        case TW_STATE: return change(head, body_of<tw_state>(head, data), now_ns);
        case TW_SNAPSHOT:
            if (open_state(head.state) && !sockets_.contains(head.cookie) && !holes_.contains(head.cookie)) remember(head, none, head.state);
            return;
        case TW_CALL:
            if (body_of<tw_call>(head, data).op != TW_CALL_ACCEPT || !began_unseen(head, head.state)) return;
            miss(head.cookie, none, head.state, read_ns_.at(head.netns), head.time_ns, now_ns);
            return remember(head, none, head.state);
        case TW_DESTROY: {
            const auto known = sockets_.find(head.cookie);
            if (known == sockets_.end()) return;
            miss(head.cookie, known->second.state, closed, known->second.last_ns, head.time_ns, now_ns);
            sockets_.erase(known);
            return;
        }
        default: return;
    }
}

void SocketLedger::change(const tw_head& head, const tw_state& change, std::uint64_t now_ns) {
    if (change.new_state != listening && change.argument & TW_STATE_MULTIPATH) return;  // not in TCP's own table
    if (fills(head.cookie, change.old_state, change.new_state)) return;
    const auto known = sockets_.find(head.cookie);
    if (known == sockets_.end()) {
        if (change.new_state != closed && began_unseen(head, change.old_state))
            miss(head.cookie, none, change.old_state, read_ns_.at(head.netns), head.time_ns, now_ns);
        return remember(head, change.old_state, change.new_state);
    }
    Socket& socket = known->second;
    // the snapshot has no place among the records: it may have been read behind or before one that it stands beside
    if (socket.from == none && socket.state != change.old_state && (head.time_ns <= socket.last_ns || socket.state == change.new_state)) return;
    if (socket.state == change.new_state && socket.from == change.old_state) return;  // told twice: by the probe and by its stand-in
    if (socket.state != change.old_state) miss(head.cookie, socket.state, change.old_state, socket.last_ns, head.time_ns, now_ns);
    if (!open_state(change.new_state)) {
        sockets_.erase(known);
        return;
    }
    socket = {change.new_state, change.old_state, head.netns, head.time_ns};
}

/// A record that comes late makes its hole smaller, or closes it.
bool SocketLedger::fills(std::uint64_t cookie, std::uint8_t from, std::uint8_t to) {
    if (holes_.empty()) return false;
    const auto [first, last] = holes_.equal_range(cookie);
    for (auto hole = first; hole != last; ++hole) {
        const bool begins = hole->second.from == none && (from == closed || from == syn_recv);
        if (hole->second.from != from && !begins) continue;
        hole->second.from = to;
        if (hole->second.from == hole->second.to) holes_.erase(hole);
        return true;
    }
    return false;
}

void SocketLedger::miss(std::uint64_t cookie, std::uint8_t from, std::uint8_t to, std::uint64_t from_ns, std::uint64_t to_ns, std::uint64_t now_ns) {
    holes_.emplace(cookie, Hole{from, to, std::min(from_ns, to_ns), to_ns, now_ns});
}

bool SocketLedger::began_unseen(const tw_head& head, std::uint8_t state) const {
    if (!every_socket_ || forgot_ || !open_state(state) || state == syn_sent || state == syn_recv || sockets_.contains(head.cookie)) return false;
    const auto read = read_ns_.find(head.netns);
    return read != read_ns_.end() && head.time_ns > read->second;
}

void SocketLedger::remember(const tw_head& head, std::uint8_t from, std::uint8_t state) {
    if (!open_state(state)) return;
    if (sockets_.size() < most_sockets) sockets_.emplace(head.cookie, Socket{state, from, head.netns, head.time_ns});
    else forgot_ = true;
}

std::set<std::uint32_t> SocketLedger::namespaces() const {
    std::set<std::uint32_t> all;
    for (const auto& [cookie, socket] : sockets_) all.insert(socket.netns);
    return all;
}

void SocketLedger::call_roll(std::uint32_t netns, const std::unordered_set<std::uint64_t>& there, std::uint64_t began_ns) {
    for (auto& [cookie, socket] : sockets_)
        if (socket.netns == netns && socket.last_ns < began_ns) socket.absent = !there.contains(cookie);
}

std::size_t SocketLedger::absent() const {
    return static_cast<std::size_t>(std::count_if(sockets_.begin(), sockets_.end(), [](const auto& entry) { return entry.second.absent; }));
}

SocketLedger::Missing SocketLedger::take_missing(std::uint64_t now_ns, bool all) {
    Missing missing;
    const auto add = [&](std::uint64_t from_ns, std::uint64_t to_ns) {
        missing.from_ns = missing.count == 0 ? from_ns : std::min(missing.from_ns, from_ns);
        missing.to_ns = std::max(missing.to_ns, to_ns);
        ++missing.count;
    };
    std::erase_if(holes_, [&](const auto& entry) {
        if (!all && entry.second.seen_ns + patience_ns > now_ns) return false;
        add(entry.second.from_ns, entry.second.to_ns);
        return true;
    });
    if (all)
        std::erase_if(sockets_, [&](const auto& entry) {
            if (entry.second.absent) add(entry.second.last_ns, now_ns);
            return entry.second.absent;
        });
    return missing;
}

}  // namespace tcpwitness
