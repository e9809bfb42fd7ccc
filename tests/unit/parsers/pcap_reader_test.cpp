#include <algorithm>

#include <catch2/catch.hpp>

#include "support/captures.h"
#include "support/pcap_file.h"

using namespace tcpwitness;

namespace {

constexpr std::uint32_t microseconds = 0xa1b2c3d4, nanoseconds = 0xa1b23c4d;

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("pcap in microseconds and nanoseconds, in both byte orders") {
    for (const bool swapped : {false, true}) {
        for (const std::uint32_t magic : {microseconds, nanoseconds}) {
            PcapFile file{swapped};
            file.header(magic, 65535, 113).packet(1'700'000'000, 999'999, "abcd").raw_packet(3'000'000'000u, 5, 2, 1500, "xy");
            const SeenCapture seen = read_capture(file.bytes, 7);
            CHECK(seen.error.empty());
            CHECK(seen.cut_note.empty());
            REQUIRE(seen.packets.size() == 2);
            CHECK(seen.packets[0].time_ns == 1'700'000'000'000'000'000 + 999'999ull * (magic == microseconds ? 1000 : 1));
            CHECK(seen.packets[0].has_time);
            CHECK(seen.data[0] == "abcd");
            CHECK(seen.packets[0].link_type == 113);
            CHECK(seen.packets[0].frame == 1);
            CHECK(seen.packets[1].time_ns == 3'000'000'000'000'000'000 + (magic == microseconds ? 5000 : 5));
            CHECK(seen.data[1] == "xy");
            CHECK(seen.packets[1].original_length == 1500);
            CHECK(seen.packets[1].frame == 2);
            REQUIRE(seen.interfaces.size() == 1);
            CHECK(seen.interfaces[0].link_type == 113);
        }
    }
}

TEST_CASE("microseconds that make more than a second carry over") {
    PcapFile file;
    file.header().packet(10, 2'500'000, "x");
    CHECK(read_capture(file.bytes).packets.at(0).time_ns == 12'500'000'000);
}

TEST_CASE("a snap length of 0 or less than the packets is no limit; what libpcap would refuse is refused") {
    for (const std::uint32_t snap_length : {0u, 96u}) {
        PcapFile file;
        file.header(microseconds, snap_length).packet(1, 0, std::string(200'000, 'x'));
        CHECK(read_capture(file.bytes).data.at(0).size() == 200'000);
    }
    PcapFile longer;
    longer.header().packet(1, 0, "first").raw_packet(2, 0, 262'145, 262'145, std::string(262'145, 'x'));
    const SeenCapture seen = read_capture(longer.bytes);
    CHECK(seen.packets.size() == 1);
    CHECK(seen.error.empty());
    CHECK(seen.damage == std::vector<std::string>{"nothing behind byte 45 could be read: captured length 262145 is over the limit of 262144"});
    PcapFile allowed;
    allowed.header(microseconds, 300'000).packet(1, 0, std::string(262'145, 'x'));
    CHECK(read_capture(allowed.bytes).packets.size() == 1);
    PcapFile lie;
    lie.header(microseconds, ~0u).raw_packet(1, 0, ~0u, ~0u, "x");
    CHECK(contains(read_capture(lie.bytes).error, "over the limit of 16777216"));
    PcapFile within;
    within.header(microseconds, ~0u).raw_packet(1, 0, 16u << 20, 16u << 20, "x");
    CHECK(contains(read_capture(within.bytes).cut_note, "ends inside a packet that begins at byte 24"));
}

TEST_CASE("link types stand in the lower half; old files have their lengths the other way round") {
    PcapFile checksummed;
    checksummed.header(microseconds, 65535, 0x24000001).packet(1, 0, "x");
    CHECK(read_capture(checksummed.bytes).packets.at(0).link_type == 1);
    PcapFile old;
    old.header(microseconds, 65535, 1, 2).raw_packet(1, 0, 60, 4, "abcd");
    const SeenCapture seen = read_capture(old.bytes);
    CHECK(seen.data.at(0) == "abcd");
    CHECK(seen.packets.at(0).original_length == 60);
}

TEST_CASE("pcaps that cannot be read are refused in words") {
    CHECK(read_capture(PcapFile().header(0xa1b2cd34).bytes).error ==
          "a pcap in Kuznetsov's modified form; convert it first: editcap -F pcapng IN OUT");
    CHECK(contains(read_capture(PcapFile{true}.header(0xa1b2cd34).bytes).error, "Kuznetsov"));
    PcapFile version;
    version.header().bytes[4] = 7;
    CHECK(read_capture(version.bytes).error == "pcap version 7.4 is not known");
}

TEST_CASE("a pcap cut at any byte yields every whole packet and says that it was cut") {
    PcapFile file;
    file.header();
    std::vector<std::size_t> ends{file.bytes.size()};
    for (int i = 1; i <= 3; ++i) ends.push_back(file.packet(1, 0, std::string(5u * static_cast<unsigned>(i), 'x')).bytes.size());
    for (std::size_t size = 4; size <= file.bytes.size(); ++size) {
        const SeenCapture seen = read_capture(file.bytes.substr(0, size), 3);
        CHECK(seen.error.empty());
        const auto whole = std::upper_bound(ends.begin(), ends.end(), size) - ends.begin() - 1;
        CHECK(seen.packets.size() == static_cast<std::size_t>(std::max<std::ptrdiff_t>(whole, 0)));
        CHECK(seen.cut_note.empty() == (std::find(ends.begin(), ends.end(), size) != ends.end()));
    }
    CHECK(contains(read_capture(file.bytes.substr(0, ends[1] + 3)).cut_note, "ends inside a packet that begins at byte 45"));
    CHECK(contains(read_capture(file.bytes.substr(0, 10)).cut_note, "ends inside its header"));
    const SeenCapture zeros = read_capture(file.bytes + std::string(4096, '\0'));
    CHECK(zeros.packets.size() == 3);
    CHECK(contains(zeros.cut_note, "holds only zeros"));
}

namespace {

/// Ten packets of 60 bytes, a second apart; the fifth's record begins at byte 24 + 4 * 76.
constexpr std::size_t fifth = 24 + 4 * 76;
PcapFile ten_packets(bool swapped = false) {
    PcapFile file{swapped};
    file.header();
    for (int i = 0; i < 10; ++i) file.packet(1'700'000'000 + static_cast<std::uint32_t>(i), 5, std::string(60, static_cast<char>('a' + i)));
    return file;
}

}  // namespace

TEST_CASE("a damaged record of a pcap is lost alone, in the midst and whatever its length says") {
    const bool swapped = GENERATE(false, true);
    PcapFile file = ten_packets(swapped);
    const auto length = GENERATE(0xffffffffu, 262'145u, 61u, 76u, 100'000u, 0x3000'0000u);
    CAPTURE(swapped, length);
    file.bytes.replace(fifth + 8, 4, file.u32(length));
    const SeenCapture seen = read_capture(file.bytes, 7);
    CHECK(seen.error.empty());
    CHECK(seen.cut_note.empty());
    CHECK(seen.data.size() == 9);
    CHECK(seen.data.at(4) == std::string(60, 'f'));
    REQUIRE(seen.damage.size() == 1);
    CHECK(contains(seen.damage[0], "bytes 328 to 403 passed over"));
}

TEST_CASE("a pcap record whose length is a little short loses its end, and no other record") {
    PcapFile file = ten_packets();
    file.bytes.replace(fifth + 8, 4, file.u32(59));
    const SeenCapture seen = read_capture(file.bytes, 7);
    CHECK(seen.data.size() == 10);
    CHECK(seen.data.at(5) == std::string(60, 'f'));
    CHECK(seen.damage.size() == 1);
}

TEST_CASE("bytes that were overwritten in the midst of a pcap lose the records that they touch") {
    PcapFile file = ten_packets();
    file.bytes.replace(fifth - 30, 100, std::string(100, '\xa5'));
    const SeenCapture seen = read_capture(file.bytes);
    CHECK(seen.data.size() == 9);  // the fourth's data is wrong, and that cannot be seen here
    CHECK(seen.damage.size() == 1);
    PcapFile hole = ten_packets();
    hole.bytes.replace(fifth, 76, std::string(76, '\0'));
    CHECK(read_capture(hole.bytes).data.size() == 9);
    CHECK(read_capture(hole.bytes).damage.size() == 1);
}

TEST_CASE("what stands inside a whole pcap packet is never taken for records") {
    PcapFile inner = ten_packets(), outer;
    outer.header().packet(1'700'000'000, 1, inner.bytes.substr(24)).packet(1'700'000'001, 1, "x");
    CHECK(read_capture(outer.bytes).data.size() == 2);
    outer.bytes.pop_back();
    const SeenCapture cut = read_capture(outer.bytes);
    CHECK(cut.data.size() == 1);
    CHECK(cut.damage.empty());
    CHECK(contains(cut.cut_note, "ends inside a packet"));
}

TEST_CASE("damage without end is counted, and ends") {
    PcapFile file = ten_packets();
    for (int i = 0; i < 40; ++i) {
        file.raw_packet(1'700'000'010, 0, 0xfffffff0, 60, std::string(60, 'b'));
        for (int n = 0; n < 3; ++n) file.packet(1'700'000'010, 0, "good");
    }
    const SeenCapture seen = read_capture(file.bytes);
    CHECK(seen.data.size() == 10 + 120);
    REQUIRE(seen.damage.size() == 9);
    CHECK(seen.damage.back() == "and 32 more damaged places");
}
