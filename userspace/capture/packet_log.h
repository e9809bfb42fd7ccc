// The packets of live sessions, 64 bytes each: what becomes of them in the end is known only when their session is over.
#pragma once

#include <array>
#include <cstdint>

#include "base/blocks.h"

namespace tcpwitness {

/// One segment, as much of it as a rule may ask for (model/event.h: Segment).
struct LoggedPacket {
    std::uint64_t time_ns, frame, packet_id;
    std::uint32_t seq, ack, payload, tsval, tsecr, marks;
    std::uint16_t window, ip_id, mss, interface;
    std::uint16_t mac;              ///< index in MacTable; 0 = none
    std::uint8_t flags, ttl, options_length;
    std::int8_t window_scale;
    std::uint8_t from_server : 1, dont_fragment : 1, has_timestamps : 1;
    std::uint8_t telling : 1;       ///< something happens here that a rule may ask about (capture/telling.h)
};
static_assert(sizeof(LoggedPacket) <= 64);

/// Names one packet in the pool; it may have been given to another one since.
using LogHandle = std::uint32_t;
inline constexpr LogHandle no_log = ~LogHandle{0};

/// Memory for packets in chunks that sessions chain up and give back. Grows by what sessions need; never shrinks.
class LogPool {
public:
    static constexpr std::uint32_t per_chunk = 7, none = ~std::uint32_t{0};
    struct Chunk {
        std::array<LoggedPacket, per_chunk> packets;
        std::uint32_t next, used;
    };

    std::uint32_t take();
    void give_back(std::uint32_t first, std::uint32_t last, std::size_t chunks);  ///< a chain
    Chunk& operator[](std::uint32_t index) { return chunks_[index]; }
    const Chunk& operator[](std::uint32_t index) const { return chunks_[index]; }
    LoggedPacket& at(LogHandle handle) { return (*this)[handle / 8].packets[handle % 8]; }
    std::size_t in_use() const { return in_use_; }  ///< chunks
    void expect(std::uint32_t index) const {
        const Chunk& chunk = (*this)[index];
        __builtin_prefetch(&chunk.used, 1);
        for (const LoggedPacket& packet : chunk.packets) __builtin_prefetch(&packet, 1);
    }

private:
    Blocks<Chunk> chunks_;
    std::uint32_t free_ = none;
    std::size_t in_use_ = 0;
};

/// The packets of one session: the first ones, the last ones, and between them those that tell something, and those that carry marks.
class PacketLog {
public:
    /// Keeps `most` chunks at most, a quarter of them at the beginning.
    LogHandle add(LogPool&, const LoggedPacket&, std::uint32_t most);
    /// Asks the memory for the place of the next packet.
    void expect(const LogPool& pool) const {
        if (last_ != LogPool::none) pool.expect(last_);
    }
    void clear(LogPool&);  ///< gives everything back

    std::uint64_t dropped() const { return dropped_; }
    std::uint64_t dropped_until_ns() const { return dropped_until_ns_; }
    bool empty() const { return first_ == LogPool::none; }

    template <typename Visit>
    void for_each(const LogPool& pool, Visit visit) const {
        for (std::uint32_t at = first_; at != LogPool::none; at = pool[at].next) {
            for (std::uint32_t i = 0; i < pool[at].used; ++i) visit(pool[at].packets[i]);
            if (at != head_last_) continue;
            for (std::uint32_t kept = kept_first_; kept != LogPool::none; kept = pool[kept].next)
                for (std::uint32_t i = 0; i < pool[kept].used; ++i) visit(pool[kept].packets[i]);
        }
    }

private:
    void drop_one(LogPool&, std::uint32_t most_kept);
    void keep(LogPool&, const LoggedPacket&, std::uint32_t most_kept);

    std::uint32_t first_ = LogPool::none, last_ = LogPool::none;
    std::uint32_t head_last_ = LogPool::none;  ///< the last of the chunks that are never dropped; marked ones that were saved stand behind it
    std::uint32_t kept_first_ = LogPool::none, kept_last_ = LogPool::none;
    std::uint32_t chunks_ = 0, kept_chunks_ = 0, dropped_ = 0;
    std::uint64_t dropped_until_ns_ = 0;
};

}  // namespace tcpwitness
