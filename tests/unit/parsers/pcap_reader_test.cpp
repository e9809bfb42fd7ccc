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
    CHECK(seen.error == "pcap packet 2 at byte 45: captured length 262145 is over the limit of 262144");
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
