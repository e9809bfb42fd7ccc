// Several recordings as one story.
#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>

#include "case/case_story.h"
#include "support/events.h"

using namespace tcpwitness;

namespace {

constexpr std::int64_t second = 1'000'000'000;

/// One handshake and a farewell, each end in a recording of its own whose clocks differ.
struct TwoHosts {
    std::vector<Exhibit> exhibits{2};
    End edge, fe;

    explicit TwoHosts(const std::string& seen_as = "10.0.1.2:40000", std::int64_t ahead_ns = 3600 * second) {
        TraceBuilder t;
        edge = t.end("edge", "10.0.1.2:40000", "10.0.2.2:5061", task(100, "dialer"));
        fe = t.opposite(edge, "fe");
        t.as(edge).at(1000).connect_enter().syn_sent().syn_out();
        t.as(fe).at(1000.2).syn_in().syn_ack_out();
        t.as(edge).at(1000.4).syn_ack_in();
        t.as(edge).at(2000).fin_out();
        t.as(fe).at(2000.2).fin_in();
        for (std::size_t i = 0; i < 2; ++i) {
            exhibits[i].info = t.info();
            exhibits[i].info.file = i ? "fe.pcapng" : "edge.pcapng";
            exhibits[i].info.boot_id = i ? "two" : "one";
            exhibits[i].info.witnesses = {t.info().witnesses[i]};
            exhibits[i].info.interfaces.clear();
        }
        exhibits[1].info.boot_to_wall_ns += static_cast<std::uint64_t>(ahead_ns);
        for (Event event : t.events()) {
            const bool at_fe = event.witness == fe.witness;
            event.witness = 0;
            if (at_fe && event.flow.peer == edge.flow.local) event.flow.peer = endpoint(seen_as);
            exhibits[at_fe].events.push_back(std::move(event));
        }
    }
    Story story() { return story_of(std::move(exhibits)); }
};

}  // namespace

TEST_CASE("two recordings become one conversation on the first one's clock") {
    const Story story = TwoHosts().story();
    REQUIRE(story.recordings.size() == 2);
    CHECK(story.witnesses.size() == 2);
    REQUIRE(story.conversations.size() == 1);
    CHECK_FALSE(story.conversations[0].translated);
    CHECK(story.recordings[0].clock.how == Clock::How::own);
    CHECK(story.recordings[1].clock.how == Clock::How::matched);
    const std::int64_t off = story.recordings[1].clock.wall_offset_ns + 3600 * second;
    CHECK(std::abs(off) <= 200'000);
    // what fe saw stands between what edge did
    const Connection &client = *story.connection(story.conversations[0].client), &server = *story.connection(story.conversations[0].server);
    CHECK(server.begin_ns > client.begin_ns);
    CHECK(server.begin_ns < client.begin_ns + 1'000'000);
    // its own time is not lost
    const auto fe_wall = story.recordings[1].clock.own_ns(server.begin_ns) + story.recordings[1].boot_to_wall_ns;
    CHECK(std::abs(static_cast<std::int64_t>(fe_wall - server.begin_ns) - 3600 * second) <= 200'000);
    std::uint64_t last = 0;
    for (const Connection& connection : story.connections)
        for (const Event& event : connection.events) {
            CHECK(event.id > 0);
            last = std::max(last, event.id);
        }
    CHECK(last == 8);
}

TEST_CASE("a translated address does not part the two ends") {
    const Story story = TwoHosts("192.0.2.9:1025").story();
    REQUIRE(story.conversations.size() == 1);
    CHECK(story.conversations[0].translated);
    CHECK(story.recordings[1].clock.told());
}

TEST_CASE("recordings without anything in common stand side by side, by their wall clocks") {
    TwoHosts two;
    std::erase_if(two.exhibits[1].events, [](const Event&) { return true; });
    const Story story = two.story();
    CHECK(story.conversations.empty());
    CHECK(story.recordings[1].clock.how == Clock::How::wall);
    CHECK_FALSE(story.recordings[1].clock.told());
}

TEST_CASE("two recordings of one boot share a clock, and a namespace that both hold is one witness") {
    TwoHosts two("10.0.1.2:40000", 0);
    two.exhibits[1].info.boot_id = "one";
    two.exhibits[0].info.witnesses[0].netns = 1;
    two.exhibits[1].info.witnesses[0].netns = 2;
    const Story apart = TwoHosts(two).story();
    CHECK(apart.witnesses.size() == 2);
    CHECK(apart.recordings[1].clock.uncertainty_ns() == 0);
    two.exhibits[1].info.witnesses[0].netns = 1;
    CHECK(two.story().witnesses.size() == 1);
}

TEST_CASE("a witness gets the name and the addresses that the user gives") {
    TwoHosts two;
    CHECK(name_witnesses(two.exhibits, {{"front", {*Address::parse("10.0.2.2")}}}));
    CHECK(two.exhibits[1].info.witnesses[0].name == "front");
    CHECK(two.exhibits[0].info.witnesses[0].name == "edge");
    const Status unknown = name_witnesses(two.exhibits, {{"nobody", {*Address::parse("203.0.113.1")}}});
    REQUIRE_FALSE(unknown);
    CHECK(unknown.error().message.find("nobody") != std::string::npos);
}
