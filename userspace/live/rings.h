// The collector's end of the rings that bpf/ring.h describes: takes complete records out, of all CPUs in one time order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "base/result.h"
#include "bpf/options.h"

namespace tcpwitness {

struct RingLayout {
    unsigned count = 1;   ///< one for each CPU
    unsigned chunks = 1;  ///< in each ring; a power of two

    std::uint64_t bytes() const { return std::uint64_t{chunks} * TW_CHUNK_BYTES; }  ///< of one ring
    std::uint64_t total_bytes() const { return bytes() * count; }
};

/// Shares `bytes` among the CPUs: as much as fits, at least one chunk each.
RingLayout ring_layout(std::uint64_t bytes, unsigned cpus);

/// Descriptors of the maps.
struct RingFds {
    int rings = -1, taken = -1, counters = -1, wake = -1;
};

/// Memory is the caller's and outlives this.
class Rings {
public:
    /// `chunk` i of ring r is at memory + (r * layout.chunks + i) * chunk_stride; `taken` has one for each ring.
    Rings(std::byte* memory, tw_taken* taken, RingLayout layout);

    using Receiver = std::function<void(const void* record, std::size_t size)>;

    /// Hands over complete records up to `until_ns` (boot clock), oldest first as far as each CPU wrote them in order, and gives
    /// their room back. Records of later time wait for the next turn, so that CPUs stay in step. `size` may exceed the record's by padding.
    void take(std::uint64_t until_ns, const Receiver&);

    /// Slots whose length makes no sense; such a ring is not read any further.
    std::uint64_t malformed() const { return malformed_; }

    static constexpr std::size_t chunk_stride = TW_CHUNK_BYTES + TW_CHUNK_OVERHANG;

private:
    struct Ring {
        std::byte* memory;
        tw_taken* taken;
        std::uint64_t position = 0;
        std::uint64_t time_ns = 0;  ///< of the record at position; only when length is not 0
        std::uint32_t length = 0;   ///< of the complete slot at position
        bool broken = false;
    };
    void look(Ring&);
    std::byte* slot(const Ring&) const;
    void pass(Ring&, const Receiver&);

    std::vector<Ring> rings_;
    std::uint64_t ring_bytes_;
    std::uint64_t malformed_ = 0;
};

}  // namespace tcpwitness
