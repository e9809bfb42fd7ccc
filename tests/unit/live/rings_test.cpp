// The collector's end of the rings, against a writer that does what bpf/ring.h does.
#include "live/rings.h"

#include <catch2/catch.hpp>
#include <cstring>

using namespace tcpwitness;

namespace {

struct Record {
    tw_head head;
    std::uint64_t payload[8];
};

/// Rings of a few CPUs and what programs do with them.
struct Writer {
    explicit Writer(RingLayout l) : layout(l), memory(Rings::chunk_stride * l.chunks * l.count), taken(l.count), reserved(l.count) {}

    std::byte* reserve(unsigned cpu, std::uint64_t bytes) {
        if (reserved[cpu] - taken[cpu].position + bytes > layout.bytes() - TW_RING_SPARE) return nullptr;
        const std::uint64_t at = reserved[cpu];
        reserved[cpu] += bytes;
        const std::uint64_t chunk = cpu * layout.chunks + (at / TW_CHUNK_BYTES & (layout.chunks - 1));
        return memory.data() + chunk * Rings::chunk_stride + at % TW_CHUNK_BYTES;
    }
    static void complete(std::byte* slot, std::uint64_t bytes) { std::memcpy(slot, &bytes, sizeof(bytes)); }

    bool write(unsigned cpu, std::uint64_t time_ns, std::uint32_t seq, std::size_t words = 8) {
        Record record{};
        record.head.time_ns = time_ns;
        record.head.seq = seq;
        record.head.cpu = static_cast<std::uint16_t>(cpu);
        for (std::size_t i = 0; i < words; ++i) record.payload[i] = ~std::uint64_t{seq};
        const std::uint64_t bytes = 8 + sizeof(tw_head) + words * 8;
        record.head.size = static_cast<std::uint16_t>(bytes - 8);
        std::byte* slot = reserve(cpu, bytes);
        if (!slot) return false;
        std::memcpy(slot + 8, &record, bytes - 8);
        complete(slot, bytes);
        return true;
    }

    RingLayout layout;
    std::vector<std::byte> memory;
    std::vector<tw_taken> taken;
    std::vector<std::uint64_t> reserved;
};

std::vector<tw_head> take(Rings& rings, std::uint64_t until = UINT64_MAX) {
    std::vector<tw_head> heads;
    rings.take(until, [&](const void* data, std::size_t size) {
        heads.emplace_back();
        REQUIRE(size >= sizeof(tw_head));
        std::memcpy(&heads.back(), data, sizeof(tw_head));
    });
    return heads;
}

}  // namespace

TEST_CASE("a buffer is shared among the CPUs in powers of two") {
    const auto layout = ring_layout(16 << 20, 2);
    CHECK(layout.count == 2);
    CHECK(layout.bytes() == 8 << 20);
    CHECK(ring_layout(16 << 20, 6).bytes() == 2 << 20);
    CHECK(ring_layout(64 << 10, 4).bytes() == 64 << 10);  // never less than a chunk
    CHECK(ring_layout(0, 0).total_bytes() == TW_CHUNK_BYTES);
}

TEST_CASE("records of several CPUs come out in one time order, once") {
    Writer writer({3, 2});
    Rings rings(writer.memory.data(), writer.taken.data(), writer.layout);
    writer.write(0, 10, 1);
    writer.write(0, 40, 2);
    writer.write(1, 20, 1);
    writer.write(1, 30, 2);
    writer.write(2, 25, 1);
    std::vector<std::uint64_t> times;
    for (const tw_head& head : take(rings)) times.push_back(head.time_ns);
    CHECK(times == std::vector<std::uint64_t>{10, 20, 25, 30, 40});
    CHECK(take(rings).empty());
    CHECK(rings.malformed() == 0);
}

TEST_CASE("records made after the turn began wait, so that another CPU's older ones can still come before them") {
    Writer writer({2, 1});
    Rings rings(writer.memory.data(), writer.taken.data(), writer.layout);
    writer.write(0, 10, 1);
    writer.write(0, 30, 2);
    CHECK(take(rings, 20).size() == 1);
    writer.write(1, 25, 1);
    const auto rest = take(rings, 40);
    REQUIRE(rest.size() == 2);
    CHECK(rest[0].cpu == 1);
    CHECK(rest[1].time_ns == 30);
}

TEST_CASE("a slot that is not complete holds back what its CPU wrote after it") {
    Writer writer({1, 1});
    Rings rings(writer.memory.data(), writer.taken.data(), writer.layout);
    std::byte* interrupted = writer.reserve(0, 8 + sizeof(tw_head));
    writer.write(0, 20, 2);
    CHECK(take(rings).empty());
    tw_head head{};
    head.time_ns = 10;
    head.size = sizeof(head);
    std::memcpy(interrupted + 8, &head, sizeof(head));
    Writer::complete(interrupted, 8 + sizeof(tw_head));
    CHECK(take(rings).size() == 2);
}

TEST_CASE("a ring is used round and round, is refused when full, and loses nothing that it took") {
    Writer writer({1, 2});
    Rings rings(writer.memory.data(), writer.taken.data(), writer.layout);
    std::uint32_t seq = 0, expected = 0, refused = 0;
    for (int turn = 0; turn < 200; ++turn) {
        // lengths that do not divide a chunk, so that slots reach over every chunk's end
        for (int i = 0; i < 1000; ++i) {
            if (writer.write(0, seq + 1, seq + 1, 1 + seq % 8))
                ++seq;
            else
                ++refused;
        }
        for (const tw_head& head : take(rings)) REQUIRE(head.seq == ++expected);
    }
    CHECK(expected == seq);
    CHECK(refused == 0);
    CHECK(writer.taken[0].position == writer.reserved[0]);
    for (int i = 0; i < 3000; ++i) refused += !writer.write(0, 1, 1);
    CHECK(refused > 0);
    CHECK(writer.reserved[0] - writer.taken[0].position <= writer.layout.bytes() - TW_RING_SPARE);
}

TEST_CASE("room is given back while a long turn is still running") {
    Writer writer({1, 1});
    Rings rings(writer.memory.data(), writer.taken.data(), writer.layout);
    std::uint32_t written = 0;
    while (writer.write(0, 1, written + 1)) ++written;
    std::uint32_t taken = 0, refilled = 0;
    rings.take(1, [&](const void*, std::size_t) {
        if (++taken == written) refilled += writer.write(0, 2, written + 1);
    });
    CHECK(refilled == 1);
}

TEST_CASE("a length that makes no sense ends that ring and is counted, the others go on") {
    for (const std::uint64_t nonsense : {std::uint64_t{7}, std::uint64_t{8 + sizeof(tw_head) + 4}, std::uint64_t{TW_CHUNK_OVERHANG + 8}, ~std::uint64_t{0}}) {
        Writer writer({2, 1});
        Rings rings(writer.memory.data(), writer.taken.data(), writer.layout);
        Writer::complete(writer.reserve(0, 64), nonsense);
        writer.write(0, 1, 1);
        writer.write(1, 2, 1);
        CHECK(take(rings).size() == 1);
        CHECK(rings.malformed() == 1);
        writer.write(1, 3, 2);
        CHECK(take(rings).size() == 1);
        CHECK(rings.malformed() == 1);
    }
}
