// Files that are parts of one capture, and files that are not.
#include <catch2/catch.hpp>

#include "case/case_story.h"
#include "case/exhibit.h"
#include "case/rotated.h"
#include "support/folder.h"
#include "support/packet_bytes.h"
#include "support/pcap_file.h"

using namespace tcpwitness;
using namespace packet_bytes;

namespace {

/// Segments of one session, 1000 bytes each, a second apart.
std::string part(int first, int count, std::uint32_t link = 1, int ttl = 63) {
    PcapFile file;
    file.header(0xa1b2c3d4, 65535, link);
    for (int i = first; i < first + count; ++i) {
        std::string ip = ipv4(6, tcp({.seq = 7000 + static_cast<std::uint32_t>(i) * 1000, .payload = std::string(1000, 'x')}));
        ip[8] = static_cast<char>(ttl);
        ip[4] = static_cast<char>(i);
        file.packet(1'700'000'000 + static_cast<std::uint32_t>(i), 0, link == 1 ? ethernet(0x0800, ip) : ip);
    }
    return file.bytes;
}

using Groups = std::vector<std::vector<std::string>>;

}  // namespace

TEST_CASE("rotated: parts of one capture are one, in whatever order they are given") {
    Folder folder;
    const std::string a = folder / "long.pcap", b = folder / "long.pcap1", c = folder / "long.pcap2";
    spill(a, part(0, 10));
    spill(b, part(10, 10));
    spill(c, part(20, 10));
    CHECK(capture_groups({c, a, b}) == Groups{{a, b, c}});

    auto exhibits = read_exhibits(std::vector{a, b, c}, {});
    REQUIRE(exhibits);
    REQUIRE(exhibits->size() == 1);
    CHECK(exhibits->front().packets == 30);
    REQUIRE(exhibits->front().info.copies.size() == 2);
    CHECK(exhibits->front().info.copies[1] == c + " goes on where " + b + " ends: one capture, and its frame 1 is frame 21 here");
    const Story story = story_of(std::move(*exhibits));
    CHECK(story.witnesses.size() == 1);
    REQUIRE(story.connections.size() == 1);
    CHECK(story.connections[0].wire->client.bytes == 30'000);
    CHECK(story.connections[0].wire->last_frame == 30);
}

TEST_CASE("rotated: a session that is silent for some parts goes on behind them, also with another of its host's TTLs") {
    Folder folder;
    const std::string a = folder / "a", b = folder / "b", c = folder / "c";
    const auto talk = [](int second, std::initializer_list<std::pair<int, std::uint16_t>> sent) {  // TTL, port
        PcapFile file;
        file.header(0xa1b2c3d4, 65535, 1);
        for (const auto& [ttl, port] : sent) {
            const std::string segment = tcp({.seq = 7000 + static_cast<std::uint32_t>(second) * 10, .payload = "x"});
            std::string ip = ipv4(6, be16(port) + segment.substr(2));
            ip[8] = static_cast<char>(ttl);
            file.packet(1'700'000'000 + static_cast<std::uint32_t>(second++), 0, ethernet(0x0800, ip));
        }
        return file.bytes;
    };
    spill(a, talk(0, {{254, 40'000}, {118, 40'000}, {118, 40'001}}));
    spill(b, talk(1'000, {{118, 40'001}, {118, 40'001}}));
    const bool known = GENERATE(true, false);
    spill(c, talk(2'000, {{known ? 254 : 99, 40'000}}));
    CHECK(capture_groups({a, b, c}) == (known ? Groups{{a, b, c}} : Groups{{a, b}, {c}}));
}

TEST_CASE("rotated: a part that is missing ends nothing, and a part that breaks off says so") {
    Folder folder;
    const std::string a = folder / "long.pcap", c = folder / "long.pcap2";
    const std::string bytes = part(0, 10);
    spill(a, bytes.substr(0, bytes.size() - 5));
    spill(c, part(20, 10));
    CHECK(capture_groups({a, c}) == Groups{{a, c}});
    const auto exhibits = read_exhibits(std::vector{a, c}, {});
    REQUIRE(exhibits);
    CHECK(exhibits->front().info.cut_note.find(a + ": the file ends inside a packet") == 0);
}

TEST_CASE("rotated: not files of the same time, of another place or of another kind") {
    Folder folder;
    const std::string a = folder / "one.pcap", b = folder / "two.pcap";
    spill(a, part(0, 10));
    SECTION("the same time") { spill(b, part(5, 10)); }
    SECTION("behind another router") { spill(b, part(10, 10, 1, 62)); }
    SECTION("another link") { spill(b, part(10, 10, 101)); }
    SECTION("no capture") { spill(b, "hello"); }
    CHECK(capture_groups({a, b}) == Groups{{a}, {b}});
    CHECK(capture_groups({b, a, folder / "none"}) == Groups{{b}, {a}, {folder / "none"}});
}
