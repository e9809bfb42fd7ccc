// Events in no sensible order, with whatever numbers: correlation and rules must survive them within their limits.
#include <catch2/catch.hpp>

#include "findings/finding.h"
#include "support/nonsense.h"

using namespace tcpwitness;

TEST_CASE("nonsense is survived, within the limits") {
    Limits limits;
    limits.max_connections = 40;
    limits.max_events_per_connection = 30;
    limits.max_unmatched = 50;
    for (unsigned seed = 1; seed <= 60; ++seed) {
        TraceInfo info;
        info.witnesses.resize(2);  // fewer than the events name
        info.cut_off = seed % 2;
        Correlator correlator(info, limits);
        Nonsense nonsense(seed);
        for (int i = 0; i < 1500; ++i) {
            Event event = nonsense.event();
            event.id = static_cast<std::uint64_t>(i) + 1;
            const std::uint64_t now = event.time_ns;
            correlator.add(std::move(event));
            if (i % 200 == 0) (void)find_all(correlator.story());
            if (i % 300 == 0) correlator.forget_ended_before(now);
        }
        const Story& story = correlator.finish();
        CHECK(story.connections.size() <= limits.max_connections);
        CHECK(story.unmatched.size() <= limits.max_unmatched);
        const std::vector<Finding> findings = find_all(story);
        for (const Finding& finding : findings) {
            CHECK_FALSE(finding.headline.empty());
            CHECK(finding.headline.find('\x1b') == std::string::npos);
        }
        const Story copy = story;  // asks anew for all connections
        const std::vector<Finding> again = find_all(copy);
        REQUIRE(again.size() == findings.size());
        for (std::size_t i = 0; i < again.size(); ++i) CHECK(again[i].headline == findings[i].headline);
        for (const Connection& c : story.connections) CHECK(c.events.size() <= limits.max_events_per_connection);
    }
}
