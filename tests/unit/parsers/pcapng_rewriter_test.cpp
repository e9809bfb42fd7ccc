#include "parsers/pcapng_rewriter.h"

#include <catch2/catch.hpp>

#include "support/memory_source.h"
#include "support/pcapng_blocks.h"

using namespace tcpwitness;
using pcapng::Reader;

namespace {

/// Comments by frame, events in time order.
struct Said : pcapng::Annotations {
    std::map<std::uint64_t, std::vector<std::string>> by_frame;
    std::vector<pcapng::InlineEvent> events;
    std::map<std::uint64_t, std::uint64_t> numbers;

    std::vector<std::string> comments(std::uint64_t frame) override {
        const auto found = by_frame.find(frame);
        return found == by_frame.end() ? std::vector<std::string>{} : found->second;
    }
    bool next_event(std::uint64_t until_ns, pcapng::InlineEvent& to) override {
        if (events.empty() || events.front().time_ns > until_ns) return false;
        to = events.front();
        events.erase(events.begin());
        return true;
    }
    void placed(std::uint64_t frame, std::uint64_t number) override { numbers[frame] = number; }
};

struct Written {
    std::string bytes, error;
    pcapng::Rewritten facts;
};

Written rewrite(const std::string& bytes, Said& said, const pcapng::RewriteOptions& options = {}, std::size_t piece = 4096) {
    MemorySource source(bytes, piece);
    Written written;
    const auto result = pcapng::rewrite(source, said, options, [&](std::string_view part) {
        written.bytes += part;
        return true;
    });
    if (result)
        written.facts = *result;
    else
        written.error = result.error().message;
    return written;
}

std::string end_of_options(const Blocks& blocks) { return blocks.u32(0); }

/// A section with every kind of block, with and without options, with and without an end to them.
std::string everything(bool swapped) {
    Blocks b{swapped, {}};
    b.section().interface(b.option(2, "eth0") + end_of_options(b)).interface("", 101);
    b.block(4, "names, 8").packet(1'000'000, "abc").packet(2'000'000, "defg", b.option(1, "was here") + b.option(2, b.u32(1)) + end_of_options(b), 1);
    b.packet(3'000'000, "h", b.option(2, b.u32(2)));
    b.block(2, b.u16(1) + b.u16(7) + b.u32(0) + b.u32(4'000'000) + b.u32(2) + b.u32(2) + "ij" + std::string(2, '\0'));
    b.block(3, b.u32(1) + "k" + std::string(3, '\0')).block(9, "__REALTIME_TIMESTAMP=5000000\nMESSAGE=theirs\n");
    b.block(5, b.u32(1) + b.u32(0) + b.u32(0)).block(0x80000001, "").packet(6'000'000, "end");
    return b.bytes;
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("with nothing to say a capture stays byte for byte") {
    for (const bool swapped : {false, true}) {
        for (const std::size_t piece : {1u, 4096u}) {
            Said nothing;
            const Written written = rewrite(everything(swapped) + everything(!swapped), nothing, {}, piece);
            CHECK(written.error.empty());
            CHECK(written.bytes == everything(swapped) + everything(!swapped));
            CHECK(written.facts.packets == 12);
            CHECK(written.facts.commented == 0);
        }
    }
}

TEST_CASE("comments go behind what a packet has, and nothing else changes") {
    for (const bool swapped : {false, true}) {
        Said said;
        said.by_frame = {{1, {"one", "two, longer"}}, {2, {"more"}}, {3, {"no end"}}, {4, {"old"}}, {7, {"last"}}};
        const Written written = rewrite(everything(swapped), said);
        REQUIRE(written.error.empty());
        Blocks b{swapped, {}};
        b.section().interface(b.option(2, "eth0") + end_of_options(b)).interface("", 101).block(4, "names, 8");
        b.packet(1'000'000, "abc", b.option(1, "one") + b.option(1, "two, longer") + end_of_options(b));
        b.packet(2'000'000, "defg", b.option(1, "was here") + b.option(2, b.u32(1)) + b.option(1, "more") + end_of_options(b), 1);
        b.packet(3'000'000, "h", b.option(2, b.u32(2)) + b.option(1, "no end") + end_of_options(b));
        b.block(2, b.u16(1) + b.u16(7) + b.u32(0) + b.u32(4'000'000) + b.u32(2) + b.u32(2) + "ij" + std::string(2, '\0') + b.option(1, "old") +
                       end_of_options(b));
        b.block(3, b.u32(1) + "k" + std::string(3, '\0')).block(9, "__REALTIME_TIMESTAMP=5000000\nMESSAGE=theirs\n");
        b.block(5, b.u32(1) + b.u32(0) + b.u32(0)).block(0x80000001, "").packet(6'000'000, "end", b.option(1, "last") + end_of_options(b));
        CHECK(written.bytes == b.bytes);
        CHECK(written.facts.commented == 5);
        CHECK(written.facts.not_commented == 0);
        CHECK(said.numbers == std::map<std::uint64_t, std::uint64_t>{{1, 1}, {2, 2}, {3, 3}, {4, 4}, {7, 7}});
    }
}

TEST_CASE("a simple packet block has no room for a comment: it is counted") {
    Said said;
    said.by_frame = {{5, {"lost"}}};
    const Written written = rewrite(everything(false), said);
    CHECK(written.bytes == everything(false));
    CHECK(written.facts.commented == 0);
    CHECK(written.facts.not_commented == 1);
}

TEST_CASE("a comment that would make a block larger than readers take is left out") {
    Blocks b;
    b.section().interface().packet(1, std::string((16u << 20) - 40, 'x'));
    Said said;
    said.by_frame = {{1, {"this is too much"}}};
    const Written written = rewrite(b.bytes, said);
    CHECK(written.bytes == b.bytes);
    CHECK(written.facts.not_commented == 1);
}

TEST_CASE("a section's length that comments make wrong becomes unknown") {
    Blocks b;
    b.block(pcapng::block::section, b.u32(pcapng::byte_order_magic) + b.u16(1) + b.u16(0) + b.u32(64) + b.u32(0) + b.option(4, "theirs"));
    b.interface().packet(1, "x");
    Said nothing;
    const Written written = rewrite(b.bytes, nothing);
    Blocks expected;
    expected.block(pcapng::block::section, b.u32(pcapng::byte_order_magic) + b.u16(1) + b.u16(0) + std::string(8, '\xff') + b.option(4, "theirs"));
    expected.interface().packet(1, "x");
    CHECK(written.bytes == expected.bytes);
}

TEST_CASE("events stand before the first packet that is later, and in the section's byte order") {
    for (const bool swapped : {false, true}) {
        Blocks b{swapped, {}};
        b.section().interface().packet(1'000'000, "a").packet(3'000'000, "b");
        Said said;
        said.events = {{2'000'000'500, "MESSAGE=between\n"}, {2'500'000'000, "MESSAGE=also between\n"}, {9'000'000'000, "MESSAGE=after\n"}};
        said.by_frame = {{2, {"why"}}};
        const Written written = rewrite(b.bytes, said);
        const auto journal = [](std::string text) { return text.append((4 - text.size() % 4) % 4, '\0'); };
        Blocks expected{swapped, {}};
        expected.section().interface().packet(1'000'000, "a");
        expected.block(9, journal("__REALTIME_TIMESTAMP=2000000\nMESSAGE=between\n"));
        expected.block(9, journal("__REALTIME_TIMESTAMP=2500000\nMESSAGE=also between\n"));
        expected.packet(3'000'000, "b", b.option(1, "why") + end_of_options(b));
        expected.block(9, journal("__REALTIME_TIMESTAMP=9000000\nMESSAGE=after\n"));
        CHECK(written.bytes == expected.bytes);
        CHECK(written.facts.events == 3);
        CHECK(said.numbers == std::map<std::uint64_t, std::uint64_t>{{2, 4}});
    }
}

TEST_CASE("interfaces that are left out go with their packets, and the others close up") {
    for (const bool swapped : {false, true}) {
        Blocks b{swapped, {}};
        b.section().interface("", 147).interface("", 1).interface("", 101).interface("", 1);
        b.packet(1, "record").packet(2, "ether", "", 1).packet(3, "raw", "", 2).packet(4, "ether2", "", 3);
        b.block(5, b.u32(2) + b.u32(0) + b.u32(0)).block(5, b.u32(3) + b.u32(0) + b.u32(0)).block(3, b.u32(1) + "k" + std::string(3, '\0'));
        b.block(2, b.u16(3) + b.u16(0) + b.u32(0) + b.u32(5) + b.u32(0) + b.u32(0));
        Said said;
        said.by_frame = {{1, {"a record"}}, {4, {"kept"}}};
        pcapng::RewriteOptions options;
        options.keep = [](const Reader::Interface& interface) { return interface.link_type == 1; };
        const Written written = rewrite(b.bytes, said, options);
        Blocks expected{swapped, {}};
        expected.section().interface("", 1).interface("", 1).packet(2, "ether").packet(4, "ether2", b.option(1, "kept") + end_of_options(b), 1);
        expected.block(5, b.u32(1) + b.u32(0) + b.u32(0)).block(2, b.u16(1) + b.u16(0) + b.u32(0) + b.u32(5) + b.u32(0) + b.u32(0));
        CHECK(written.error.empty());
        CHECK(written.bytes == expected.bytes);
        CHECK(written.facts.packets == 3);
        CHECK(written.facts.left_out == std::map<std::uint16_t, std::uint64_t>{{101, 1}, {147, 2}});
        CHECK(said.numbers == std::map<std::uint64_t, std::uint64_t>{{4, 2}});
    }
}

TEST_CASE("the writing program's name and snap lengths can be set") {
    Blocks b;
    const std::string head = b.u32(pcapng::byte_order_magic) + b.u16(1) + b.u16(0) + std::string(8, '\xff');
    b.block(pcapng::block::section, head + b.option(1, "kept") + b.option(4, "tcpwitness 0.1.0") + b.option(3, "Linux") + b.u32(0));
    b.block(pcapng::block::interface, b.u16(1) + b.u16(0) + b.u32(96));
    Said nothing;
    pcapng::RewriteOptions options;
    options.application = "another";
    options.no_snap_length = true;
    Blocks expected;
    expected.block(pcapng::block::section, head + b.option(1, "kept") + b.option(3, "Linux") + b.option(4, "another") + b.u32(0)).interface();
    CHECK(rewrite(b.bytes, nothing, options).bytes == expected.bytes);
}

TEST_CASE("what cannot be read ends in one line; a cut file is written up to the cut") {
    Blocks b;
    b.section().interface();
    Said nothing;
    CHECK(contains(rewrite("", nothing).error, "empty"));
    CHECK(contains(rewrite("text that is no capture", nothing).error, "not a section header"));
    CHECK(contains(rewrite(b.bytes + Blocks().packet(1, "x", "", 4).bytes, nothing).error, "packet of interface 4"));
    CHECK(contains(rewrite(b.bytes + Blocks().block(2, b.u16(9) + std::string(18, '\0')).bytes, nothing).error, "packet of interface 9"));
    CHECK(contains(rewrite(b.bytes + Blocks().block(2, "short...").bytes, nothing).error, "too short"));
    CHECK(contains(rewrite(b.bytes + Blocks().block(2, b.u32(0) + b.u32(0) + b.u32(0) + b.u32(99) + b.u32(99)).bytes, nothing).error, "reaches past"));
    CHECK(rewrite(b.bytes + Blocks().block(5, "shrt").bytes, nothing).bytes == b.bytes + Blocks().block(5, "shrt").bytes);

    const std::string whole = everything(false);
    for (std::size_t size = 0; size < whole.size(); ++size) {
        Said said;
        said.by_frame = {{1, {"one"}}, {3, {"three"}}};
        const Written written = rewrite(whole.substr(0, size), said);
        if (size >= 28 && written.error.empty()) {
            MemorySource again(written.bytes);
            Reader reader(again);
            auto item = reader.next();
            while (item && *item != Reader::Item::end) item = reader.next();
            CHECK(item.ok());
            CHECK(reader.cut_note().empty());
        }
    }
    Said said;
    CHECK(contains(rewrite(whole.substr(0, whole.size() - 1), said).facts.cut_note, "ends inside a block"));
}

TEST_CASE("options that lie about their lengths are one error") {
    Blocks b;
    const std::string lie = b.u16(7) + b.u16(5000);
    b.section().interface();
    b.block(2, b.u16(0) + b.u16(0) + b.u32(0) + b.u32(1) + b.u32(0) + b.u32(0) + lie);
    Said said;
    said.by_frame = {{1, {"said"}}};
    CHECK(contains(rewrite(b.bytes, said).error, "option 7 of 5000 bytes reaches past the block"));
}

TEST_CASE("when nobody reads any more the writer stops") {
    MemorySource source(everything(false));
    Said nothing;
    std::size_t parts = 0;
    const auto result = pcapng::rewrite(source, nothing, {}, [&](std::string_view) { return ++parts < 3; });
    CHECK(result.ok());
    CHECK(parts == 3);
}
