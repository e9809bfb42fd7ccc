// Whose silence counts, and when it does not.
#include <catch2/catch.hpp>

#include "support/two_recordings.h"

using namespace tcpwitness;

namespace {
constexpr std::uint64_t ms = 1'000'000;
}

TEST_CASE("a RST that the other recording does not hold is forged, proven") { CHECK(TwoRecordings().certainty() == Certainty::proven); }

TEST_CASE("records that the silent end's recording lost weaken the proof; what the other one lost does not") {
    for (const RecordingId whose : {0u, 1u}) {
        TwoRecordings two;
        two.t.gap(900, 1100, 3);
        two.losing = whose;
        const Story made = two.story();
        bool seen = false;
        for (const Finding& finding : find_all(made)) {
            if (finding.rule != "reset-forged") continue;
            seen = true;
            CHECK(finding.certainty == (whose == 0 ? Certainty::likely : Certainty::proven));
        }
        CHECK(seen);
    }
}

TEST_CASE("a recording that does not cover the time is no witness of silence") {
    TwoRecordings two;
    two.fe().clock.how = Clock::How::one_way;
    two.fe().clock.later_ns = 20'000 * ms;  // the RST may have come long after the edge's recording ended
    CHECK(two.certainty() != Certainty::proven);
}

TEST_CASE("a clock that could not be compared proves nothing") {
    for (const Clock::How how : {Clock::How::wall, Clock::How::crossed}) {
        TwoRecordings two;
        two.fe().clock.how = how;
        CHECK(two.certainty() == Certainty::likely);
    }
}

TEST_CASE("an answer that is lost on its way back is proven only where the asker was recorded by the answerer's clock, too") {
    const auto lost_answer = [](Clock::How how, std::uint64_t later_ms, std::uint64_t until_ms) {
        TwoRecordings two(false);
        two.fe().clock.how = how;
        two.fe().clock.later_ns = later_ms * ms;
        for (const RecordingId each : {0u, 1u}) two.cover(each, 0, until_ms);
        for (const Finding& finding : find_all(two.story()))
            if (finding.rule == "connect-timeout") return finding.certainty;
        return Certainty::possible;
    };
    CHECK(lost_answer(Clock::How::matched, 0, 9000) == Certainty::proven);
    CHECK(lost_answer(Clock::How::one_way, 20'000, 9000) == Certainty::likely);  // it may have come after the edge's recording ended
    CHECK(lost_answer(Clock::How::one_way, 20'000, 40'000) == Certainty::proven);
    CHECK(lost_answer(Clock::How::wall, 0, 9000) == Certainty::likely);
    CHECK(lost_answer(Clock::How::crossed, 0, 9000) == Certainty::likely);
}

TEST_CASE("a recording without packets cannot tell that none was sent") {
    TwoRecordings two;
    two.edge().probes = {{"packet_in", "", "unavailable: no BTF"}};
    CHECK(two.certainty() != Certainty::proven);
}

TEST_CASE("a witness with two recordings is blind only where both are") {
    TwoRecordings two;
    two.described.recordings.push_back({});
    packets_only(two.described.recordings.back());
    two.cover(2, 0, 9000);
    two.described.witnesses[0].recordings = {0, 2};
    two.edge().probes = {{"packet_in", "", "unavailable: no BTF"}};
    CHECK(two.certainty() == Certainty::proven);
    const Story story = two.story();
    CHECK(story.blind(0, Evidence::packets, 1, two.begin, two.begin + ms) == Blind::no);
    CHECK(story.blind(0, Evidence::packets, 1, two.begin, two.begin + 60'000 * ms) == Blind::outside);
    CHECK(story.blind(7, Evidence::packets, 1, two.begin, two.begin) == Blind::outside);
}

TEST_CASE("a clock maps its own times to the common ones and back") {
    Clock clock;
    clock.offset_ns = -13'990 * static_cast<std::int64_t>(ms);
    clock.anchor_ns = 1'700'000'000'000'000'000;
    clock.drift_ppm = 40;
    const std::uint64_t own = clock.anchor_ns + 100'000 * ms;
    CHECK(clock.common_ns(own) == own - 13'990 * ms + 4 * ms);  // 100 s of 40 ppm
    const std::uint64_t back = clock.own_ns(clock.common_ns(own));
    CHECK((back > own ? back - own : own - back) < 10);
}
