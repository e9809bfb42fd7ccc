#include <catch2/catch.hpp>

#include "findings/live_findings.h"
#include "support/scenes.h"

using namespace tcpwitness;

namespace {

constexpr std::uint64_t second = 1'000'000'000;

/// Feeds events as time goes by, half a second at a time, and collects what is told.
std::vector<Finding> play(TraceBuilder& t, Correlator& correlator, LiveFindings& live) {
    std::vector<Finding> told;
    const std::vector<Event> events = t.events();
    std::uint64_t now = events.front().time_ns;
    std::size_t next = 0;
    const auto step = [&] {
        now += second / 2;
        while (next < events.size() && events[next].time_ns <= now) correlator.add(events[next++]);
        for (Finding& finding : live.step(now)) told.push_back(std::move(finding));
    };
    while (next < events.size()) step();
    for (int i = 0; i < 10; ++i) step();
    return told;
}

}  // namespace

TEST_CASE("live: a finding is told once, when both ends had their say") {
    auto t = trace();
    Session s = session(t);
    listen(t, s);
    client_times_out(t, s, 100);
    half_open_is_reset(t, s, 100);
    Correlator correlator(t.info());
    LiveFindings live(correlator);
    const auto told = play(t, correlator, live);
    INFO(all_text(told));
    REQUIRE(!told.empty());
    CHECK(told.back().rule == "reset-forged");
    CHECK(told.back().certainty == Certainty::proven);
    CHECK(told.size() <= 3);  // the third SYN's RST and the timeout come later than the first was told
    CHECK(live.finish().empty());
}

TEST_CASE("live: repeats are told when they doubled, and old connections are forgotten") {
    auto t = trace();
    for (int i = 0; i < 400; ++i) {
        Session s = session(t, "edge", "edge", 20000 + i);
        client_opens(t, s, i * 500);
        aborts(t, s.client, i * 500 + 10 + i % 7 * 60, "TCP_ABORT_ON_CLOSE", 5);
    }
    Correlator correlator(t.info());
    LiveFindings live(correlator);
    const auto told = play(t, correlator, live);
    CHECK(told.size() >= 4);
    CHECK(told.size() <= 12);
    CHECK(correlator.story().connections.size() < 150);
    CHECK(correlator.story().connections.front().id > 1);
    for (const Connection& c : correlator.story().connections) CHECK(correlator.story().connection(c.id) == &c);
}

TEST_CASE("live: the number of connections stays bounded, live ones are kept") {
    auto t = trace();
    for (int i = 0; i < 1000; ++i) {
        Session s = session(t, "edge", "edge", 20000 + i);
        client_opens(t, s, i * 10);
        if (i % 2) closes_first(t, s.client, i * 10 + 5);
    }
    Limits limits;
    limits.max_connections = 600;
    const Story story = t.story(limits);
    CHECK(story.connections.size() <= 600);
    std::size_t live = 0;
    for (const Connection& c : story.connections) live += c.live();
    CHECK(live == 500);
}
