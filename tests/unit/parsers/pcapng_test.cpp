#include <catch2/catch.hpp>

#include "parsers/pcapng_format.h"
#include "parsers/pcapng_reader.h"
#include "parsers/pcapng_writer.h"
#include "support/memory_source.h"
#include "support/pcapng_blocks.h"

using namespace tcpwitness;
using pcapng::Reader;

namespace {

struct Seen {
    std::vector<std::uint64_t> times;
    std::string error, cut_note;
};

Seen read_all(std::string bytes, std::size_t piece = 4096) {
    MemorySource source(std::move(bytes), piece);
    Reader reader(source);
    Seen seen;
    while (true) {
        const auto item = reader.next();
        if (!item) seen.error = item.error().message;
        if (!item || *item == Reader::Item::end) break;
        if (*item == Reader::Item::packet) seen.times.push_back(reader.packet().time_ns);
    }
    seen.cut_note = reader.cut_note();
    return seen;
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("what the pcapng writer builds, the reader takes apart") {
    std::string bytes;
    const std::vector<std::string> comments{"first", "second"};
    pcapng::append_section(bytes, "Linux 6.18", "tcpwitness 0.1.0", comments);
    pcapng::append_interface(bytes, 147, "kernel", "records");
    pcapng::append_packet(bytes, {.interface = 0, .time_ns = 1'700'000'000'123'456'789, .data = "abcde", .original_length = 90, .flags = 2, .id = 5ull << 32 | 7});
    pcapng::append_packet(bytes, {.interface = 0, .time_ns = 3, .data = "", .original_length = 0});
    pcapng::append_packet(bytes, {.interface = 0, .time_ns = 4, .data = "x", .original_length = 1, .flags = 1, .comment = "why"});
    MemorySource source(bytes, 7);
    Reader reader(source);
    REQUIRE(*reader.next() == Reader::Item::section);
    CHECK(reader.section().os == "Linux 6.18");
    CHECK(reader.section().application == "tcpwitness 0.1.0");
    CHECK(reader.section().comments == comments);
    REQUIRE(*reader.next() == Reader::Item::interface);
    CHECK(reader.interfaces()[0].link_type == 147);
    CHECK(reader.interfaces()[0].name == "kernel");
    CHECK(reader.interfaces()[0].description == "records");
    REQUIRE(*reader.next() == Reader::Item::packet);
    CHECK(reader.packet().time_ns == 1'700'000'000'123'456'789);
    CHECK(reader.packet().data == "abcde");
    CHECK(reader.packet().original_length == 90);
    CHECK(reader.packet().flags == 2);
    CHECK(reader.packet().id == (5ull << 32 | 7));
    REQUIRE(*reader.next() == Reader::Item::packet);
    CHECK(reader.packet().data.empty());
    CHECK(reader.packet().id == 0);
    REQUIRE(*reader.next() == Reader::Item::packet);
    CHECK(reader.packet().data == "x");
    CHECK(reader.packet().flags == 1);
    CHECK(reader.packet().frame == 3);
    CHECK(*reader.next() == Reader::Item::end);
    CHECK(reader.cut_note().empty());
}

TEST_CASE("packets do not make the writer's buffer allocate once it has its size") {
    std::string bytes;
    bytes.reserve(1 << 20);
    const char* before = bytes.data();
    for (int i = 0; i < 5000; ++i) pcapng::append_packet(bytes, {.interface = 0, .time_ns = 1, .data = std::string_view("0123456789", 10), .flags = 1, .id = 9});
    CHECK(bytes.data() == before);
}

TEST_CASE("both byte orders, and a new section that changes it and its interfaces") {
    Blocks little, big{true, {}};
    little.section().interface().interface().packet(5'000'000, "abc", "", 1);
    big.section().interface(big.option(9, "\x09")).packet(77, "defg");
    const Seen seen = read_all(little.bytes + big.bytes);
    CHECK(seen.error.empty());
    CHECK(seen.times == std::vector<std::uint64_t>{5'000'000'000, 77});
    const Seen outside = read_all(little.bytes + big.bytes + big.packet(1, "x", "", 1).bytes.substr(big.bytes.size() - 36));
    CHECK(contains(outside.error, "packet of interface 1, but only 1 are described"));
}

TEST_CASE("every time resolution there can be, and offsets") {
    for (int value = 0; value < 256; ++value) {
        Blocks blocks;
        blocks.section().interface(blocks.option(9, std::string(1, static_cast<char>(value)))).packet(~0ull, "x").packet(1, "x");
        CHECK(read_all(blocks.bytes).times.size() == 2);
    }
    const auto time_with = [](char resolution, std::uint64_t time, std::int64_t offset) {
        Blocks blocks;
        const std::string seconds(reinterpret_cast<const char*>(&offset), 8);
        blocks.section().interface(blocks.option(9, std::string(1, resolution)) + blocks.option(14, seconds)).packet(time, "x");
        return read_all(blocks.bytes).times.at(0);
    };
    CHECK(time_with(0, 3, 0) == 3'000'000'000);
    CHECK(time_with(3, 1500, 0) == 1'500'000'000);
    CHECK(time_with(12, 1'000, 0) == 1);
    CHECK(time_with(static_cast<char>(0x80 + 10), 512, 0) == 500'000'000);
    CHECK(time_with(9, 5, 2) == 2'000'000'005);
    CHECK(time_with(9, 5, -2) == 0);
}

TEST_CASE("hundreds of interfaces, unknown blocks, simple packets, options without an end") {
    Blocks blocks;
    blocks.section();
    for (int i = 0; i < 700; ++i) blocks.interface();
    blocks.block(0xbad, "some").block(0x80000001, "").packet(1, "x", blocks.option(1, "comment"), 699);
    blocks.block(3, blocks.u32(1) + "x...").packet(2, "y");
    const Seen seen = read_all(blocks.bytes, 100);
    CHECK(seen.error.empty());
    CHECK(seen.times.size() == 3);
}

TEST_CASE("frames are counted as Wireshark counts them") {
    for (const std::uint32_t type : {2u, 3u, 9u, 0x204u, 0x208u, 0xbadu, 0x40000badu, 4u, 5u, 7u, 10u, 0x101u, 0x80000001u}) {
        Blocks blocks;
        blocks.section().interface().packet(1, "x").block(type, std::string(32, '\0')).packet(2, "y");
        MemorySource source(blocks.bytes);
        Reader reader(source);
        while (*reader.next() != Reader::Item::end) continue;
        const bool counts = type == 2 || type == 3 || type == 9 || type == 0x204 || type == 0x208 || type == 0xbad || type == 0x40000bad;
        INFO(type);
        CHECK(reader.packet().frame == (counts ? 3 : 2));
    }
}

TEST_CASE("every block can be had as it stands in the file") {
    for (const bool swapped : {false, true}) {
        Blocks blocks{swapped, {}};
        blocks.section().interface().block(4, "names...").packet(1, "abc", blocks.option(1, "why")).block(0x80000001, "").packet(2, "y");
        MemorySource source(blocks.bytes, 10);
        Reader reader(source);
        std::string copied;
        for (auto item = reader.next_block(); *item != Reader::Item::end; item = reader.next_block()) {
            CHECK((*item == Reader::Item::other) == (reader.block_type() == 4 || reader.block_type() == 0x80000001));
            copied += reader.block();
        }
        CHECK(copied == blocks.bytes);
        CHECK(reader.swapped() == swapped);
    }
}

TEST_CASE("damaged blocks end in one clear error, after the packets before them") {
    Blocks good;
    good.section().interface().packet(1, "abcd");
    const auto broken = [&](const std::string& tail) {
        const Seen seen = read_all(good.bytes + tail);
        CHECK(seen.times.size() == 1);
        return seen.error;
    };
    const Blocks b;
    const std::string type = b.u32(6), fill(40, 'f');
    CHECK(contains(broken(type + b.u32(0) + fill), "length 0 is less"));
    CHECK(contains(broken(type + b.u32(8) + fill), "length 8 is less"));
    CHECK(contains(broken(type + b.u32(33) + fill), "length 33 is not a multiple of 4"));
    CHECK(contains(broken(type + b.u32(0xfffffffc) + fill), "over the limit"));
    CHECK(contains(broken(type + b.u32((16u << 20) + 4) + fill), "over the limit"));
    CHECK(contains(broken(type + b.u32(16) + "body" + b.u32(20)), "two lengths differ: 16 and 20"));
    CHECK(contains(broken(Blocks().block(6, "short").bytes), "multiple of 4"));
    CHECK(contains(broken(Blocks().block(6, "too short to be").bytes + "x"), "multiple of 4"));
    CHECK(contains(broken(Blocks().block(6, "packet block").bytes), "packet block is too short"));
    CHECK(contains(broken(Blocks().packet(1, "x", "", 5).bytes), "packet of interface 5"));
    CHECK(contains(broken(Blocks().block(6, b.u32(0) + b.u32(0) + b.u32(0) + b.u32(5) + b.u32(5) + "abcd").bytes), "captured length 5 reaches"));
    CHECK(contains(broken(Blocks().block(6, b.u32(0) + b.u32(0) + b.u32(0) + b.u32(~0u) + b.u32(5) + "abcd").bytes), "reaches past"));
    CHECK(contains(broken(Blocks().packet(1, "abcd", b.u16(1) + b.u16(5) + "abcd").bytes), "option 1 of 5 bytes reaches past"));
    CHECK(contains(broken(Blocks().block(1, "shrt").bytes), "interface description is too short"));
    CHECK(contains(broken(Blocks().block(pcapng::block::section, b.u32(pcapng::byte_order_magic)).bytes), "section header is too short"));
    CHECK(contains(broken(Blocks().block(pcapng::block::section, "what" + std::string(12, '\0')).bytes), "without byte-order magic"));
    CHECK(contains(read_all(Blocks().section().packet(1, "x").bytes).error, "packet of interface 0, but only 0"));
    CHECK(contains(read_all(Blocks().interface().section().bytes).error, "not a section header"));
}

TEST_CASE("a cut tail and a tail of zeros are told apart from damage") {
    Blocks blocks;
    blocks.section().interface().packet(1, "abcd");
    const std::size_t whole = blocks.bytes.size();
    blocks.packet(2, "efgh");
    for (std::size_t size = whole + 1; size < blocks.bytes.size(); ++size) {
        const Seen seen = read_all(blocks.bytes.substr(0, size));
        CHECK(seen.times.size() == 1);
        CHECK(seen.error.empty());
        CHECK(contains(seen.cut_note, "ends inside a block"));
    }
    CHECK(read_all(blocks.bytes).cut_note.empty());
    const Seen zeros = read_all(blocks.bytes + std::string(5000, '\0'));
    CHECK(zeros.times.size() == 2);
    CHECK(contains(zeros.cut_note, "only zeros"));
}

TEST_CASE("a length field alone does not take memory") {
    Blocks blocks;
    blocks.section().interface();
    blocks.bytes += blocks.u32(6) + blocks.u32(16u << 20) + "little";
    CHECK(contains(read_all(blocks.bytes).cut_note, "ends inside a block"));
}
