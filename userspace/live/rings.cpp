#include "live/rings.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstring>

namespace tcpwitness {
namespace {

constexpr std::size_t mark_bytes = sizeof(std::uint64_t);
constexpr std::uint64_t give_back_bytes = 8192;  // how much is taken before the programs are told

}  // namespace

RingLayout ring_layout(std::uint64_t bytes, unsigned cpus) {
    cpus = std::max(cpus, 1u);
    const std::uint64_t chunks = std::clamp<std::uint64_t>(bytes / TW_CHUNK_BYTES / cpus, 1, 1u << 20);
    return {cpus, static_cast<unsigned>(std::bit_floor(chunks))};
}

Rings::Rings(std::byte* memory, tw_taken* taken, RingLayout layout) : ring_bytes_(layout.bytes()) {
    for (unsigned i = 0; i < layout.count; ++i) rings_.push_back({memory + i * layout.chunks * chunk_stride, taken + i});
}

std::byte* Rings::slot(const Ring& ring) const {
    const std::uint64_t at = ring.position % ring_bytes_;
    return ring.memory + at / TW_CHUNK_BYTES * chunk_stride + at % TW_CHUNK_BYTES;
}

/// What lies at the ring's position: nothing yet (length 0), or a complete slot.
void Rings::look(Ring& ring) {
    ring.length = 0;
    if (ring.broken) return;
    std::byte* at = slot(ring);
    const std::uint64_t mark = std::atomic_ref<std::uint64_t>(*reinterpret_cast<std::uint64_t*>(at)).load(std::memory_order_acquire);
    if (mark == 0) return;
    if (mark < mark_bytes + sizeof(tw_head) || mark > TW_CHUNK_OVERHANG || mark % mark_bytes != 0) {
        ++malformed_;
        ring.broken = true;
        return;
    }
    ring.length = static_cast<std::uint32_t>(mark);
    std::memcpy(&ring.time_ns, at + mark_bytes + offsetof(tw_head, time_ns), sizeof(ring.time_ns));
}

void Rings::pass(Ring& ring, const Receiver& receive) {
    std::byte* at = slot(ring);
    receive(at + mark_bytes, ring.length - mark_bytes);
    std::memset(at, 0, ring.length);
    ring.position += ring.length;
    if (ring.position - ring.taken->position >= give_back_bytes)
        std::atomic_ref<std::uint64_t>(ring.taken->position).store(ring.position, std::memory_order_release);
    look(ring);
}

void Rings::take(std::uint64_t until_ns, const Receiver& receive) {
    for (Ring& ring : rings_) look(ring);
    while (true) {
        Ring* oldest = nullptr;
        std::uint64_t next_ns = until_ns;  // where another ring has the older record
        for (Ring& ring : rings_) {
            if (ring.length == 0 || ring.time_ns > until_ns) continue;
            if (!oldest || ring.time_ns < oldest->time_ns) {
                if (oldest) next_ns = oldest->time_ns;
                oldest = &ring;
            } else {
                next_ns = std::min(next_ns, ring.time_ns);
            }
        }
        if (!oldest) break;
        do pass(*oldest, receive);
        while (oldest->length != 0 && oldest->time_ns <= next_ns);
    }
    for (Ring& ring : rings_) std::atomic_ref<std::uint64_t>(ring.taken->position).store(ring.position, std::memory_order_release);
}

}  // namespace tcpwitness
