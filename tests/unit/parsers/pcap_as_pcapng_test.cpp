#include "parsers/pcap_as_pcapng.h"

#include <catch2/catch.hpp>

#include "parsers/pcapng_reader.h"
#include "support/memory_source.h"
#include "support/pcapng_blocks.h"

using namespace tcpwitness;
using pcapng::Reader;

namespace {

struct PcapBytes {
    Blocks b;
    std::string bytes;

    explicit PcapBytes(bool swapped, bool nano, std::uint32_t snap_length = 262144, std::uint32_t link_type = 1) : b{swapped, {}} {
        bytes = b.u32(nano ? 0xa1b23c4d : 0xa1b2c3d4) + b.u16(2) + b.u16(4) + b.u32(0) + b.u32(0) + b.u32(snap_length) + b.u32(link_type);
    }
    PcapBytes& packet(std::uint32_t seconds, std::uint32_t fraction, const std::string& data, std::uint32_t original) {
        bytes += b.u32(seconds) + b.u32(fraction) + b.u32(static_cast<std::uint32_t>(data.size())) + b.u32(original) + data;
        return *this;
    }
};

struct Read {
    std::vector<Reader::Packet> packets;
    std::vector<std::string> data;
    Reader::Interface interface;
    std::string error, cut_note, application;
};

Read read_all(const std::string& bytes, std::size_t piece = 4096) {
    MemorySource memory(bytes, piece);
    PcapAsPcapng source(memory, "tcpwitness");
    Reader reader(source);
    Read read;
    while (true) {
        const auto item = reader.next();
        if (!item) read.error = item.error().message;
        if (!item || *item == Reader::Item::end) break;
        if (*item == Reader::Item::section) read.application = reader.section().application;
        if (*item == Reader::Item::interface) read.interface = reader.interfaces().back();
        if (*item != Reader::Item::packet) continue;
        read.packets.push_back(reader.packet());
        read.data.emplace_back(reader.packet().data);
    }
    read.cut_note = source.cut_note();
    CHECK(reader.cut_note().empty());
    return read;
}

}  // namespace

TEST_CASE("a pcap reads as a pcapng with the same packets and times") {
    for (const bool swapped : {false, true}) {
        for (const bool nano : {false, true}) {
            PcapBytes pcap(swapped, nano, 96, 101);
            pcap.packet(1'700'000'000, 123'456, "abc", 1500).packet(1'700'000'001, 999'999, "", 60).packet(4'000'000'000, 1'000'001, "defgh", 5);
            const Read read = read_all(pcap.bytes, 7);
            const std::uint64_t unit = nano ? 1 : 1000;
            REQUIRE(read.packets.size() == 3);
            CHECK(read.error.empty());
            CHECK(read.cut_note.empty());
            CHECK(read.application == "tcpwitness");
            CHECK(read.interface.link_type == 101);
            CHECK(read.interface.units_per_second == (nano ? 1'000'000'000 : 1'000'000));
            CHECK(read.packets[0].time_ns == 1'700'000'000'000'000'000 + 123'456 * unit);
            CHECK(read.packets[0].original_length == 1500);
            CHECK(read.packets[2].time_ns == 4'000'000'000'000'000'000 + 1'000'001 * unit);
            CHECK(read.data == std::vector<std::string>{"abc", "", "defgh"});
        }
    }
}

TEST_CASE("what is no pcap passes unchanged") {
    Blocks b;
    b.section().interface().packet(1, std::string(100'000, 'x')).packet(2, "y");
    for (const std::string& bytes : {b.bytes, std::string("short"), std::string(), std::string(1000, 'z')}) {
        MemorySource memory(bytes, 999);
        PcapAsPcapng source(memory, "");
        std::string out;
        char buffer[4000];
        for (auto got = source.read(buffer, sizeof buffer); got && *got > 0; got = source.read(buffer, sizeof buffer)) out.append(buffer, *got);
        CHECK(out == bytes);
    }
}

TEST_CASE("a pcap that ends inside a packet gives the packets before it, and says so") {
    PcapBytes pcap(false, false);
    pcap.packet(1, 2, "abcd", 4);
    const std::size_t whole = pcap.bytes.size();
    pcap.packet(3, 4, "efgh", 4);
    for (std::size_t size = whole + 1; size < pcap.bytes.size(); ++size) {
        const Read read = read_all(pcap.bytes.substr(0, size));
        CHECK(read.packets.size() == 1);
        CHECK(read.cut_note == "the file ends inside a packet that begins at byte " + std::to_string(whole));
    }
    CHECK(read_all(pcap.bytes).cut_note.empty());
}

TEST_CASE("a packet length that cannot be loses that packet alone, and takes no memory") {
    PcapBytes pcap(false, false);
    pcap.packet(1, 2, "abcd", 4);
    pcap.bytes += pcap.b.u32(5) + pcap.b.u32(6) + pcap.b.u32(0xffffffff) + pcap.b.u32(4) + "lost";
    CHECK(read_all(pcap.bytes).packets.size() == 1);
    pcap.packet(7, 8, "efgh", 4).packet(9, 10, "ijkl", 4);
    const Read read = read_all(pcap.bytes);
    CHECK(read.error.empty());
    CHECK(read.data == std::vector<std::string>{"abcd", "efgh", "ijkl"});
}
