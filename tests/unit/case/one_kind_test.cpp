// Both ends' captures of one session.
#include <catch2/catch.hpp>

#include "case/case_story.h"
#include "support/capture_script.h"

using namespace tcpwitness;
using namespace test;
using tcp_flag::ack, tcp_flag::syn;

namespace {

/// The segments of a session as one end's host sees them; `lost`: not the first copy of the data.
Exhibit seen(bool at_server, bool lost) {
    CaptureScript script;
    const double away = at_server ? 5 : 0, back = at_server ? 0 : 5;
    const auto out = static_cast<std::int8_t>(at_server ? -1 : 1), in = static_cast<std::int8_t>(-out);
    script.client({.at_ms = 0 + away, .seq = 0, .ack = 0, .flags = syn, .ip_id = 1, .tsval = 1, .direction = out});
    script.server({.at_ms = 6 + back, .seq = 0, .flags = syn | ack, .ip_id = 1, .tsval = 2, .direction = in});
    script.client({.at_ms = 12 + away, .ip_id = 2, .tsval = 3, .direction = out});
    if (!at_server || !lost) script.client({.at_ms = 30 + away, .len = 100, .ip_id = 3, .tsval = 4, .direction = out});
    if (lost) script.client({.at_ms = 240 + away, .len = 100, .ip_id = 4, .tsval = 5, .direction = out});
    script.server({.at_ms = 246 + back, .ack = 101, .ip_id = 2, .tsval = 6, .direction = in});
    Exhibit made = exhibit_of(script.finish());
    made.info.file = at_server ? "server.pcap" : "client.pcap";
    return made;
}

std::uint32_t kind(const Story& story, bool at_server) {
    for (const Connection& c : story.connections)
        for (const Event& event : c.events)
            if (const Segment* segment = event.as<Segment>(); segment && segment->payload && segment->outgoing != at_server && (c.role == Role::server) == at_server && event.as<Segment>()->ip_id != 3) return segment->marks;
    return 0;
}

}  // namespace

TEST_CASE("a packet is at its receiver what its sender's capture shows") {
    std::vector<Exhibit> exhibits;
    exhibits.push_back(seen(false, true));
    exhibits.push_back(seen(true, true));
    const Story story = story_of(std::move(exhibits));
    REQUIRE(story.conversations.size() == 1);
    CHECK(kind(story, false) == segment_mark::loss_probe);
    CHECK(kind(story, true) == segment_mark::loss_probe);
}

TEST_CASE("what was sent once is no resend at either end") {
    std::vector<Exhibit> exhibits;
    exhibits.push_back(seen(false, false));
    exhibits.push_back(seen(true, false));
    const Story story = story_of(std::move(exhibits));
    REQUIRE(story.conversations.size() == 1);
    for (const Connection& c : story.connections)
        for (const std::uint32_t marks : CaptureScript::marks(c)) CHECK((marks & segment_mark::retransmission) == 0);
}
