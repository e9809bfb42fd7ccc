// Where live sessions are found by their tuple, whichever direction a packet goes.
#pragma once

#include <cstdint>
#include <vector>

#include "base/blocks.h"
#include "capture/session.h"
#include "parsers/packet.h"

namespace tcpwitness {

/// Open addressing over places in blocks: no session moves while it lives, and none is allocated for a packet.
class SessionTable {
public:
    SessionTable();

    /// The same for both directions of a tuple.
    static std::uint32_t hash_of(const Packet&);

    /// The session of a packet, and which end sent it; nullptr: none lives. `hash`: hash_of() it.
    Session* find(const Packet&, std::uint32_t hash, bool& from_server);
    /// Asks the memory for what find() will look at soon, and the session after that.
    void expect(std::uint32_t hash) const { __builtin_prefetch(&slots_[hash & (slots_.size() - 1)]); }
    const Session* likely(std::uint32_t hash) const;
    /// A fresh one. `client_sends`: the packet's source is the client.
    Session& insert(const Packet&, std::uint32_t hash, bool client_sends);
    void erase(Session&);  ///< its log must have been given back

    std::size_t size() const { return live_; }
    /// Visits the next `count` places, round and round: `over(Session&)` may erase the one that it gets.
    template <typename Over>
    void sweep(std::size_t count, Over over) {
        for (; count > 0 && !sessions_.empty(); --count) {
            if (hand_ >= sessions_.size()) hand_ = 0;
            Session& session = sessions_[hand_++];
            if (hand_ + count < sessions_.size()) sessions_[hand_ + count].expect();
            if (session.live) over(session);
        }
    }
    template <typename Visit>
    void for_each(Visit visit) {
        sessions_.for_each([&](Session& session) {
            if (session.live) visit(session);
        });
    }

private:
    static constexpr std::uint32_t none = ~std::uint32_t{0};
    struct Slot {
        std::uint32_t hash = 0, place = none;
    };

    void put(std::uint32_t hash, std::uint32_t place);
    void grow();

    std::vector<Slot, HugePages<Slot>> slots_;
    Blocks<Session> sessions_;
    std::vector<std::uint32_t> free_;
    std::uint32_t hand_ = 0, last_ = none;
    std::size_t live_ = 0;
};

}  // namespace tcpwitness
