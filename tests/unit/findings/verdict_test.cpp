// The first line of a report: no evidence is not good news.
#include <catch2/catch.hpp>

#include "findings/verdict.h"
#include "support/findings.h"
#include "support/scenes.h"

using namespace tcpwitness;
using Catch::Contains;

namespace {

/// A clean connection.
Story quiet() {
    auto t = trace();
    Session s = session(t);
    listen(t, s);
    open(t, s, 10);
    closes_first(t, s.client, 100);
    closes_second(t, s.server, 100);
    return t.story();
}

Story troubled() {
    auto t = trace();
    Session s = session(t);
    listen(t, s);
    open(t, s, 10);
    aborts(t, s.server, 200, "TCP_ABORT_ON_CLOSE", 12);
    is_reset(t, s.client, 200.3);
    return t.story();
}

Verdict of(const Story& story) { return judge(story).verdict; }

}  // namespace

TEST_CASE("clean: nothing in trouble, and the evidence covers it") {
    const Verdict verdict = of(quiet());
    CHECK(verdict.what == Verdict::What::clean);
    CHECK(verdict.reasons.empty());
    CHECK(verdict.connections == 2);
    CHECK(verdict.of_connections == 2);
    CHECK(verdict.findings == 0);
    CHECK_THAT(verdict.sentence, Contains("nothing in trouble among 2 connections"));
}

TEST_CASE("trouble: one finding's sentence, or how many and the gravest one's") {
    const Story story = troubled();
    Judgement judged = judge(story);
    REQUIRE(judged.findings.size() == 1);
    CHECK(judged.verdict.what == Verdict::What::trouble);
    CHECK(judged.verdict.sentence == judged.findings.front().headline);

    Finding guess = judged.findings.front();
    guess.certainty = Certainty::possible;
    guess.headline = "something less sure";
    judged.findings.insert(judged.findings.begin(), guess);
    const Verdict two = verdict_of(story, judged);
    CHECK(two.findings == 2);
    CHECK_THAT(two.sentence, Contains("2 findings; the gravest: " + judged.findings.back().headline));

    Finding slow = judged.findings.back();
    slow.harm = Harm::delay;
    slow.certainty = Certainty::proven;
    slow.headline = "something surer that only took longer";
    judged.findings.insert(judged.findings.begin(), slow);
    judged.findings.erase(judged.findings.begin() + 2);
    CHECK_THAT(verdict_of(story, judged).sentence, Contains("2 findings; the gravest: something less sure"));
    judged.findings.front().harm = Harm::failure;
    judged.findings.front().certainty = Certainty::possible;
    judged.findings.front().count = 10;
    CHECK_THAT(verdict_of(story, judged).sentence, Contains("the gravest: something surer that only took longer"));
}

TEST_CASE("undecided: nothing in it") {
    const Verdict verdict = of(trace().story());
    CHECK(verdict.what == Verdict::What::undecided);
    CHECK_THAT(verdict.sentence, Contains("no TCP connection"));
}

TEST_CASE("undecided: a listening socket alone is no connection") {
    auto t = trace();
    Session s = session(t);
    listen(t, s);
    CHECK(of(t.story()).what == Verdict::What::undecided);
}

TEST_CASE("undecided: the evidence does not cover it") {
    Story story = quiet();
    SECTION("records were lost") {
        Event gap;
        gap.body = Gap{story.begin_ns, story.end_ns, 7, "state"};
        story.gaps.push_back(gap);
        CHECK_THAT(of(story).sentence, Contains("7 records were lost"));
    }
    SECTION("something could not be read") {
        story.recordings.front().unknown_records = 3;
        CHECK_THAT(of(story).sentence, Contains("3 records could not be read"));
    }
    SECTION("the recording was cut off") {
        story.recordings.front().cut_off = true;
        CHECK_THAT(of(story).sentence, Contains("cut off"));
    }
    const Verdict verdict = of(story);
    CHECK(verdict.what == Verdict::What::undecided);
    CHECK_THAT(verdict.sentence, Contains("no trouble was seen, but"));
    CHECK_FALSE(verdict.reasons.empty());
}

TEST_CASE("what keeps the evidence from covering it is told beside trouble too") {
    Story story = troubled();
    story.recordings.front().unknown_records = 3;
    const Verdict verdict = of(story);
    CHECK(verdict.what == Verdict::What::trouble);
    CHECK(verdict.reasons.size() == 1);
}

TEST_CASE("a filter that matches nothing is never good news") {
    const Story story = quiet();
    const Verdict verdict = verdict_of(story, judge(story), [](const Connection&) { return false; }, "--port 8443");
    CHECK(verdict.what == Verdict::What::undecided);
    CHECK(verdict.sentence == "0 of 2 connections match --port 8443");
}

TEST_CASE("a filter chooses what is judged, and listening sockets are no connections") {
    const Story story = quiet();
    const Verdict verdict = verdict_of(story, judge(story), [](const Connection& c) { return c.role == Role::client; }, "--port 40000");
    CHECK(verdict.what == Verdict::What::clean);
    CHECK(verdict.connections == 1);
    CHECK(verdict.of_connections == 2);
}

TEST_CASE("how things stand is no trouble") {
    Finding stands;
    CHECK(tells_trouble(stands));
    stands.harm = Harm::delay;
    CHECK(tells_trouble(stands));
    stands.harm = Harm::none;
    CHECK_FALSE(tells_trouble(stands));
}
