// A capture that holds its host's events: sockets and the packets' analysis in one story.
#include <catch2/catch.hpp>

#include <set>

#include "capture/read_capture.h"
#include "case/case_story.h"
#include "support/memory_source.h"
#include "support/windows_file.h"

using namespace tcpwitness;

namespace {

Exhibit exhibit_from(const WindowsFile& file) {
    MemorySource source(file.bytes, 4096);
    const CaptureFiles copies[] = {{{"events.pcapng", &source}}};
    auto capture = read_capture(copies, {});
    REQUIRE(capture.ok());
    return exhibit_of(std::move(*capture));
}

Story story_from(const WindowsFile& file) {
    std::vector<Exhibit> exhibits;
    exhibits.push_back(exhibit_from(file));
    return story_of(std::move(exhibits));
}

}  // namespace

TEST_CASE("packets of a capture with events are analysed, and belong to the sockets that the events know") {
    WindowsFile file = WindowsFile::failed_connect();
    file.syn(3'000'030).syn(9'000'030);
    const Story story = story_from(file);
    REQUIRE(story.connections.size() == 1);
    const Connection& c = story.connections.front();
    CHECK(c.cookie != 0);
    CHECK(c.owner.pid == 1504);
    CHECK(c.ending == Ending::connect_timeout);
    REQUIRE(c.wire);
    CHECK(c.wire->conn_state == "S0");
    CHECK(c.wire->client.rto == 2);
    std::vector<std::uint32_t> marks;
    std::vector<std::uint64_t> frames;
    for (const Event& event : c.events)
        if (const Segment* segment = event.as<Segment>()) {
            CHECK(segment->outgoing);
            marks.push_back(segment->marks);
            frames.push_back(segment->frame);
        }
    CHECK(marks == std::vector<std::uint32_t>{0, segment_mark::rto, segment_mark::rto});
    CHECK(frames == std::vector<std::uint64_t>{4, 7, 8});
}

TEST_CASE("a session that the events know no socket of is one of packets alone, and every event has its own number") {
    WindowsFile file = WindowsFile::failed_connect();
    file.packet(WindowsFile::start_us + 50, packet_bytes::ethernet(0x0800, packet_bytes::ipv4(6, packet_bytes::be16(50'000) + packet_bytes::be16(80) + packet_bytes::tcp({.flags = 2}).substr(4))));
    const Story story = story_from(file);
    REQUIRE(story.connections.size() == 2);
    std::set<std::uint64_t> ids;
    std::size_t events = 0, alone = 0;
    for (const Connection& c : story.connections) {
        CHECK(c.wire);
        alone += c.cookie == 0;
        events += c.events.size();
        for (const Event& event : c.events) ids.insert(event.id);
    }
    CHECK(alone == 1);
    CHECK(ids.size() == events);
    CHECK(*ids.begin() == 1);
    CHECK(*ids.rbegin() == events);
}

TEST_CASE("a recording with events among its packets says what it holds, and what was left out") {
    WindowsFile file = WindowsFile::failed_connect();
    file.packet(WindowsFile::start_us + 30'000'000, "no packet");
    const Exhibit exhibit = exhibit_from(file);
    CHECK(exhibit.info.packets_seen());
    CHECK(exhibit.info.all_segments());
    CHECK(exhibit.info.tells("state"));
    CHECK_FALSE(exhibit.info.capture());
    CHECK(exhibit.info.foreign_packets == 2);  // a line of another component, and the last one
    CHECK(exhibit.info.ended_ns == (WindowsFile::start_us + 30'000'000) * 1'000);
}

TEST_CASE("a lone RST of a socket's tuple is that socket's") {
    WindowsFile file;
    file.tcpip(0, "TCP: connection 0x000000000829C860 (local=10.1.0.2:40001 remote=10.2.0.2:5061) shutdown initiated (0xC000020D - STATUS_CONNECTION_RESET). PID = 1504 (0x5E0).");
    file.segment(10, {.flags = 4});
    const Story story = story_from(file);
    REQUIRE(story.connections.size() == 1);
    CHECK(story.unmatched.empty());
    CHECK(story.connections.front().has(sign::rst_out));
}
