#include "sources/sources.h"

#include <set>

#include <catch2/catch.hpp>

#include "parsers/pcapng_writer.h"
#include "sources/source_file.h"
#include "support/compressed.h"
#include "support/folder.h"
#include "support/pcap_file.h"
#include "support/pcapng_blocks.h"
#include "support/sample_records.h"
#include "support/samples.h"

using namespace tcpwitness;

namespace {

std::string kind_of(const std::string& bytes) {
    const Source* source = recognise_source(bytes);
    return source ? source->name : "none";
}

std::string section_of(const std::string& program, const std::vector<std::string>& comments = {}) {
    std::string bytes;
    pcapng::append_section(bytes, "Linux", program, comments);
    return bytes;
}

std::string merged_trace() {
    std::string bytes = section_of("mergecap (Wireshark) 4.0.17");
    pcapng::append_interface(bytes, pcapng::link::user0, "kernel", "");
    return bytes;
}

std::string with_journal() {
    Blocks blocks;
    blocks.section().interface().packet(1, "abcd").block(pcapng::block::journal_export, "_COMM=Microsoft-Windows-TCPIP\nMESSAGE=x\n");
    return blocks.bytes;
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("every kind of source is told by its content, the special before the general") {
    CHECK(kind_of(sample::trace()) == "tcpwitness traces");
    CHECK(kind_of(merged_trace()) == "tcpwitness traces");
    CHECK(kind_of(with_journal()) == "pcapng captures");
    CHECK(kind_of(Blocks().section().interface().packet(1, "abcd").bytes) == "pcapng captures");
    CHECK(kind_of(Blocks{true, {}}.section().interface().bytes) == "pcapng captures");
    CHECK(kind_of(section_of("Dumpcap", {"made by tcpwitness 0.1.0 friends"})) == "pcapng captures");
    CHECK(kind_of(section_of("tcpwitnessed")) == "pcapng captures");
    for (const bool swapped : {false, true})
        for (const std::uint32_t magic : {0xa1b2c3d4u, 0xa1b23c4du}) CHECK(kind_of(PcapFile{swapped}.header(magic).bytes) == "pcap captures");
    for (const char* name : {"netsh.txt", "network_monitor.txt"}) {
        CHECK(kind_of(sample_file(name)) == "Windows TCPIP/AFD traces as text");
        CHECK(kind_of(utf16(sample_file(name))) == "Windows TCPIP/AFD traces as text");
    }
    CHECK(kind_of(sample_file("sip_records.txt")) == "SIP logs");
    CHECK(kind_of(utf16(sample_file("sip_packets.txt"))) == "SIP logs");
    for (const char* other : {"", "\n", "\x0a\x0d\x0d", "GET / HTTP/1.1\r\n\r\n", "\x1f\x8b\x08", "\xff\xfe"}) CHECK(kind_of(other) == "none");
}

TEST_CASE("a refusal says what was seen and names every kind") {
    CHECK(contains(not_recognised(""), "an empty file; what can be read: "));
    CHECK(contains(not_recognised("#!/bin/sh\n"), "text (\"#!/bin/sh\"); "));
    CHECK(contains(not_recognised("\x80\x81\x82\x83"), "an unknown kind of file (80 81 82 83); "));
    std::set<std::string> names;
    for (const Source& source : sources()) {
        CHECK(contains(not_recognised("x"), source.name));
        names.insert(source.name);
    }
    CHECK(names.size() == sources().size());
}

TEST_CASE("a file is opened as what it holds, however it is compressed") {
    Folder folder;
    for (const std::string& bytes : {sample::trace(), with_journal(), sample_file("netsh.txt")})
        for (const std::string& packed : {bytes, zstd(bytes), gzip(bytes)}) {
            spill(folder / "file", packed);
            auto opened = open_source(folder / "file");
            REQUIRE(opened.ok());
            CHECK(opened->name == folder / "file");
            CHECK(opened->source->name == kind_of(bytes));
            std::string read(bytes.size() + 1, '\0');
            std::size_t size = 0;
            while (true) {
                const auto got = opened->bytes->read(read.data() + size, read.size() - size);
                REQUIRE(got.ok());
                if (*got == 0) break;
                size += *got;
            }
            CHECK(read.substr(0, size) == bytes);
        }
}

TEST_CASE("a trace that knows much of its host is one") {
    Folder folder;
    std::string bytes;
    pcapng::append_section(bytes, "Linux", "", std::vector<std::string>(10, std::string(60'000, 'x')));
    pcapng::append_interface(bytes, pcapng::link::user0, "kernel", "");
    spill(folder / "long", bytes);
    const auto opened = open_source(folder / "long");
    REQUIRE(opened.ok());
    CHECK(opened->source->kind == SourceKind::trace);
}

TEST_CASE("a trace that expands without end is refused, a capture of equal packets is read") {
    Folder folder;
    constexpr std::size_t expanded = 400u << 20;
    std::string tail;
    const std::string frame = zstd(std::string(1 << 20, 'x'));
    for (std::size_t i = 0; i < expanded >> 20; ++i) tail += frame;
    std::vector<char> buffer(1 << 20);
    for (const auto& [beginning, bomb] : {std::pair{sample::trace(), true}, {PcapFile().header(0xa1b2c3d4).bytes, false}}) {
        spill(folder / "file", zstd(beginning) + tail);
        auto opened = open_source(folder / "file");
        REQUIRE(opened.ok());
        std::size_t total = 0;
        std::string error;
        while (true) {
            const auto got = opened->bytes->read(buffer.data(), buffer.size());
            if (!got) error = got.error().message;
            if (!got || *got == 0) break;
            total += *got;
        }
        CHECK(error == (bomb ? "expands more than 400 times: that is no trace" : ""));
        CHECK((bomb ? total < (260u << 20) : total == expanded + beginning.size()));
    }
}
