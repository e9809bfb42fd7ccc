// Where live sessions are found by their tuple, whichever direction a packet goes.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "capture/session.h"
#include "parsers/packet.h"

namespace tcpwitness {

/// Open addressing over places in blocks: no session moves while it lives, and none is allocated for a packet.
class SessionTable {
public:
    SessionTable();

    /// The session of a packet, and which end sent it; nullptr: none lives.
    Session* find(const Packet&, bool& from_server);
    /// A fresh one. `client_sends`: the packet's source is the client.
    Session& insert(const Packet&, bool client_sends);
    void erase(Session&);  ///< its log must have been given back

    std::size_t size() const { return live_; }
    /// Visits the next `count` places, round and round: `over(Session&)` may erase the one that it gets.
    template <typename Over>
    void sweep(std::size_t count, Over over) {
        for (; count > 0 && used_ > 0; --count) {
            if (hand_ >= used_) hand_ = 0;
            Session& session = at(hand_++);
            if (session.live) over(session);
        }
    }
    template <typename Visit>
    void for_each(Visit visit) {
        for (std::uint32_t i = 0; i < used_; ++i)
            if (at(i).live) visit(at(i));
    }

private:
    static constexpr std::uint32_t per_block = 256, none = ~std::uint32_t{0};
    struct Slot {
        std::uint32_t hash = 0, place = none;
    };

    Session& at(std::uint32_t place) { return blocks_[place / per_block][place % per_block]; }
    void put(std::uint32_t hash, std::uint32_t place);
    void grow();

    std::vector<Slot> slots_;
    std::vector<std::unique_ptr<Session[]>> blocks_;
    std::vector<std::uint32_t> free_;
    std::uint32_t used_ = 0, hand_ = 0, last_ = none;
    std::size_t live_ = 0;
};

}  // namespace tcpwitness
