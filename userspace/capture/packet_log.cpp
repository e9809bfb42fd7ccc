#include "capture/packet_log.h"

#include <algorithm>

#include "model/not_shown.h"

namespace tcpwitness {

std::uint32_t LogPool::take() {
    ++in_use_;
    std::uint32_t index = free_;
    if (index != none) {
        free_ = (*this)[index].next;
        if (free_ != none) expect(free_);
    } else {
        index = static_cast<std::uint32_t>(chunks_.size());
        chunks_.push_back();
    }
    (*this)[index].next = none;
    (*this)[index].used = 0;
    return index;
}

void LogPool::give_back(std::uint32_t first, std::uint32_t last, std::size_t chunks) {
    (*this)[last].next = free_;
    free_ = first;
    in_use_ -= chunks;
}

LogHandle PacketLog::add(LogPool& pool, const LoggedPacket& packet, std::uint32_t most) {
    if (last_ == LogPool::none) {
        first_ = last_ = head_last_ = pool.take();
        chunks_ = 1;
    } else if (pool[last_].used == LogPool::per_chunk) {
        const std::uint32_t fresh = pool.take();
        pool[last_].next = fresh;
        last_ = fresh;
        if (++chunks_ <= most / 4) head_last_ = fresh;
        if (chunks_ > std::max(most, 3u)) drop_one(pool, most / 4);
    }
    LogPool::Chunk& chunk = pool[last_];
    chunk.packets[chunk.used] = packet;
    return last_ * 8 + chunk.used++;
}

void PacketLog::drop_one(LogPool& pool, std::uint32_t most_kept) {
    const std::uint32_t oldest = pool[head_last_].next;
    for (std::uint32_t i = 0; i < pool[oldest].used; ++i) {
        const LoggedPacket packet = pool[oldest].packets[i];
        if (packet.telling || packet.marks & segment_mark::of_analysis)
            keep(pool, packet, most_kept);
        else
            ++dropped_;
        dropped_until_ns_ = std::max(dropped_until_ns_, packet.time_ns);
    }
    pool[head_last_].next = pool[oldest].next;
    --chunks_;
    pool.give_back(oldest, oldest, 1);
}

void PacketLog::keep(LogPool& pool, const LoggedPacket& packet, std::uint32_t most_kept) {
    const bool full = kept_last_ == LogPool::none || pool[kept_last_].used == LogPool::per_chunk;
    const std::uint32_t most = packet.telling ? most_kept : most_kept / 2;  // losses by the thousand leave room for what comes later
    if (full && kept_chunks_ >= most) {
        ++dropped_;
        return;
    }
    if (full) {
        const std::uint32_t fresh = pool.take();
        if (kept_last_ == LogPool::none)
            kept_first_ = fresh;
        else
            pool[kept_last_].next = fresh;
        kept_last_ = fresh;
        ++kept_chunks_;
    }
    LogPool::Chunk& chunk = pool[kept_last_];
    chunk.packets[chunk.used++] = packet;
}

void PacketLog::clear(LogPool& pool) {
    if (first_ != LogPool::none) pool.give_back(first_, last_, chunks_);
    if (kept_first_ != LogPool::none) pool.give_back(kept_first_, kept_last_, kept_chunks_);
    *this = PacketLog{};
}

}  // namespace tcpwitness
