#include <catch2/catch.hpp>

#include "support/events.h"

using namespace tcpwitness;

TEST_CASE("keep_only drops what lies outside, both ends included, and connections stay as they lived") {
    auto t = trace();
    const End edge = t.end("edge", "10.0.1.2:40000", "10.0.2.2:5061", task(7, "dialer"));
    const End stray = t.end("edge", "10.0.1.2:1", "10.0.2.2:2");
    t.as(edge).at(1000).connect_enter().at(2000).state(TcpState::close, TcpState::syn_sent).at(3000).connect_exit(-ETIMEDOUT);
    t.as(stray).at(1500).rst_in().at(2500).rst_in().at(3500).rst_in();
    t.gap(0, 1000, 1).gap(1900, 2100, 2).gap(3500, 3600, 3);
    t.as(stray).resets_counted(5, 0, 1000).resets_counted(6, 1000, 2500);
    Story story = t.story();
    const std::uint64_t base = story.begin_ns;
    REQUIRE(story.connections.size() == 1);
    const Connection before = story.connections[0];
    REQUIRE(before.events.size() == 3);
    REQUIRE(story.unmatched.size() == 3);

    story.keep_only(base + 2'000'000'000, before.events[2].time_ns);
    REQUIRE(story.connections.size() == 1);
    CHECK(story.connections[0].begin_ns == before.begin_ns);
    REQUIRE(story.connections[0].events.size() == 2);
    CHECK(story.connections[0].events[0].id == before.events[1].id);
    REQUIRE(story.unmatched.size() == 1);
    REQUIRE(story.unmatched_packets(stray.flow).size() == 1);
    CHECK(story.unmatched_packets(stray.flow)[0] == &story.unmatched[0]);
    REQUIRE(story.gaps.size() == 1);
    CHECK(story.gaps[0].as<Gap>()->lost == 2);
    REQUIRE(story.repeats.size() == 1);
    CHECK(story.repeats[0].as<Repeats>()->count == 6);
}

TEST_CASE("keep_only leaves no SYN to be found that it dropped") {
    auto t = trace();
    const End stray = t.end("edge", "10.0.1.2:1", "10.0.2.2:2");
    t.as(stray).at(1000).syn_in().at(3000).rst_in();
    Story story;
    story.recordings.resize(2);
    for (const Event& event : t.events()) story.add_unmatched(event);
    REQUIRE(story.unmatched.size() == 2);
    const std::uint32_t seq = story.unmatched[0].as<Segment>()->seq;
    REQUIRE(story.unmatched_syns(seq).size() == 1);
    story.keep_only(story.unmatched[1].time_ns, story.unmatched[1].time_ns);
    REQUIRE(story.unmatched.size() == 1);
    CHECK(story.unmatched_syns(seq).empty());
}
