#include <cstring>

#include <catch2/catch.hpp>

#include "parsers/pcapng_format.h"
#include "support/captures.h"
#include "support/pcap_file.h"
#include "support/pcapng_blocks.h"

using namespace tcpwitness;
namespace option = pcapng::option;
namespace block = pcapng::block;

TEST_CASE("interfaces are numbered through the sections of a pcapng, with names and link types of their own") {
    Blocks little, big{true, {}};
    little.section().interface(little.option(option::interface_name, "eth0")).interface("", 113).packet(5, "abc", "", 1);
    big.section().interface(big.option(option::interface_name, "lo") + big.option(option::interface_description, "loop"), 0).packet(6, "defg");
    const SeenCapture seen = read_capture(little.bytes + big.bytes, 13);
    CHECK(seen.error.empty());
    REQUIRE(seen.interfaces.size() == 3);
    CHECK(seen.interfaces[0].name == "eth0");
    CHECK(seen.interfaces[2].name == "lo");
    CHECK(seen.interfaces[2].description == "loop");
    REQUIRE(seen.packets.size() == 2);
    CHECK(seen.packets[0].interface == 1);
    CHECK(seen.packets[0].link_type == 113);
    CHECK(seen.packets[1].interface == 2);
    CHECK(seen.packets[1].link_type == 0);
    CHECK(seen.packets[1].time_ns == 6000);
    CHECK(seen.packets[1].frame == 2);
    CHECK(seen.data[1] == "defg");
}

TEST_CASE("a packet's comments, flags and id are kept, and do not stick to the next") {
    for (const bool swapped : {false, true}) {
        Blocks blocks{swapped, {}};
        const std::string id = swapped ? blocks.u32(1) + blocks.u32(2) : blocks.u32(2) + blocks.u32(1);
        blocks.section().interface().packet(1, "abc", blocks.option(option::comment, "why") + blocks.option(option::packet_flags, blocks.u32(2)) +
                                                          blocks.option(option::packet_id, id) + blocks.option(option::comment, "and when"));
        blocks.packet(2, "d");
        const SeenCapture seen = read_capture(blocks.bytes);
        REQUIRE(seen.packets.size() == 2);
        CHECK(seen.comments[0] == std::vector<std::string>{"why", "and when"});
        CHECK(seen.packets[0].flags == 2);
        CHECK(seen.packets[0].id == (1ull << 32 | 2));
        CHECK(seen.comments[1].empty());
        CHECK(seen.packets[1].flags == 0);
        CHECK(seen.packets[1].id == 0);
    }
}

TEST_CASE("simple packet blocks have no time and take their length from where it is told") {
    Blocks blocks;
    blocks.section().block(block::interface, blocks.u16(101) + blocks.u16(0) + blocks.u32(6));
    blocks.block(block::simple_packet, blocks.u32(3) + "abc.").block(block::simple_packet, blocks.u32(90) + "abcdefgh");
    const SeenCapture seen = read_capture(blocks.bytes);
    CHECK(seen.error.empty());
    REQUIRE(seen.packets.size() == 2);
    CHECK_FALSE(seen.packets[0].has_time);
    CHECK(seen.packets[0].link_type == 101);
    CHECK(seen.data == std::vector<std::string>{"abc", "abcdef"});
    CHECK(seen.packets[1].original_length == 90);
    Blocks unlimited;
    unlimited.section().interface().block(block::simple_packet, unlimited.u32(90) + "abcdefgh").packet(7, "x");
    CHECK(read_capture(unlimited.bytes).data.at(0) == "abcdefgh");
    CHECK(read_capture(unlimited.bytes).packets.at(1).has_time);
    CHECK(read_capture(Blocks().section().block(block::simple_packet, "size").bytes).error.find("packet of interface 0") != std::string::npos);
    CHECK(read_capture(Blocks().section().interface().block(block::simple_packet, "").bytes).error.find("too short") != std::string::npos);
}

TEST_CASE("old packet blocks") {
    for (const bool swapped : {false, true}) {
        Blocks blocks{swapped, {}};
        const std::string head = blocks.u16(1) + blocks.u16(77) + blocks.u32(0) + blocks.u32(9) + blocks.u32(3) + blocks.u32(60);
        blocks.section().interface().interface("", 113).block(block::old_packet, head + "abc." + blocks.option(2, blocks.u32(1)));
        const SeenCapture seen = read_capture(blocks.bytes);
        CHECK(seen.error.empty());
        REQUIRE(seen.packets.size() == 1);
        CHECK(seen.packets[0].interface == 1);
        CHECK(seen.packets[0].link_type == 113);
        CHECK(seen.packets[0].time_ns == 9000);
        CHECK(seen.packets[0].original_length == 60);
        CHECK(seen.packets[0].flags == 1);
        CHECK(seen.data[0] == "abc");
        CHECK(read_capture(Blocks{swapped, {}}.section().interface().block(block::old_packet, "1234").bytes).error.find("too short") !=
              std::string::npos);
    }
}

TEST_CASE("an absurd time unit leaves packets without a time") {
    Blocks blocks;
    blocks.section().interface(blocks.option(option::interface_resolution, "\x7f")).packet(5, "x");
    CHECK_FALSE(read_capture(blocks.bytes).packets.at(0).has_time);
}

TEST_CASE("a file that is no capture is refused with what was seen") {
    CHECK(read_capture("").error == "not a capture, but an empty file");
    CHECK(read_capture("hello, world").error == "not a capture, but text (\"hello, world\")");
    CHECK(read_capture("\x1f\x8b\x08\x08 compressed").error == "not a capture, but a gzip file (1f 8b 08 08)");
    CHECK(read_capture("\xd4\xc3").error == "not a capture, but an unknown kind of file (d4 c3)");
}

TEST_CASE("a pcapng that breaks off inside its first block is no capture without packets, but an error") {
    Blocks blocks;
    const std::string whole = blocks.section().bytes;
    for (const std::size_t size : {std::size_t{4}, std::size_t{12}, whole.size() - 1}) {
        CAPTURE(size);
        CHECK(read_capture(whole.substr(0, size)).error.find("first block") != std::string::npos);
    }
    CHECK(read_capture(whole).error.empty());
}

TEST_CASE("a damaged block of a pcapng is lost alone") {
    Blocks blocks;
    blocks.section().interface().packet(1, "good").block(block::packet, "bad!");
    const SeenCapture alone = read_capture(blocks.bytes);
    CHECK(alone.packets.size() == 1);
    CHECK(alone.error.empty());
    CHECK(alone.damage.size() == 1);
    blocks.packet(2, "more").packet(3, "and more");
    const std::size_t at = 84;
    SECTION("what it holds") {}
    SECTION("a length that is none") { blocks.bytes.replace(at + 4, 4, blocks.u32(13)); }
    SECTION("a length over all limits") { blocks.bytes.replace(at + 4, 4, blocks.u32(0xffff'fff0)); }
    SECTION("a byte too many") { blocks.bytes.insert(at + 9, 1, 'x'); }
    SECTION("a length that reaches past the end") { blocks.bytes.replace(at + 4, 4, blocks.u32(4'000)); }
    const SeenCapture seen = read_capture(blocks.bytes, 7);
    CHECK(seen.error.empty());
    CHECK(seen.cut_note.empty());
    CHECK(seen.data == std::vector<std::string>{"good", "more", "and more"});
    REQUIRE(seen.damage.size() == 1);
    CHECK(seen.damage[0].find("bytes 84 to ") == 0);
}
