#include "parsers/sequence_check.h"

#include <catch2/catch.hpp>

using namespace tcpwitness;

namespace {

std::vector<Event> gaps(SequenceCheck& check) {
    std::vector<Event> out;
    check.finish(5, out);
    return out;
}

}  // namespace

TEST_CASE("numbers that the recorder kept back are no losses, whether they are told before or after their neighbours") {
    for (const bool late : {true, false}) {
        SequenceCheck check;
        check.see(0, 1, 10);
        if (!late) check.excuse(0, 2, 90, 15);
        check.see(0, 100, 20);
        if (late) check.excuse(0, 2, 90, 25);
        check.see(0, 50, 30);
        std::vector<Event> events;
        check.finish(0, events);
        REQUIRE(events.size() == 1);
        CHECK(events[0].as<Gap>()->lost == 9);
    }
    SequenceCheck check;
    check.see(0, 5, 10);
    check.see(0, 20, 20);
    check.excuse(0, 1, 30, 25);
    check.excuse(0, 0, 7, 25);
    check.excuse(0, 9, 7, 25);
    check.see(0, 31, 30);
    std::vector<Event> events;
    check.finish(0, events);
    CHECK(events.empty());
}

TEST_CASE("whole sequences of several cpus leave no gap") {
    SequenceCheck check;
    for (std::uint32_t i = 1; i <= 1000; ++i)
        for (std::uint16_t cpu = 0; cpu < 4; ++cpu) check.see(cpu, i, i * 10);
    check.see(0, 0, 99);  // without a number
    CHECK(gaps(check).empty());
}

TEST_CASE("a missing number is a gap between its neighbours") {
    SequenceCheck check;
    check.see(3, 1, 1000);
    check.see(3, 5, 2000);
    const auto found = gaps(check);
    REQUIRE(found.size() == 1);
    CHECK(found[0].cpu == 3);
    CHECK(found[0].time_ns == 2000);
    const Gap& gap = *found[0].as<Gap>();
    CHECK(gap.lost == 3);
    CHECK(gap.from_ns == 1000);
    CHECK(gap.to_ns == 2000);
    CHECK(gap.probe == "unknown");
}

TEST_CASE("numbers that are missing before the first one count from the recording's begin") {
    SequenceCheck check;
    check.see(0, 4, 1000);
    const auto found = gaps(check);
    REQUIRE(found.size() == 1);
    CHECK(found[0].as<Gap>()->lost == 3);
    CHECK(found[0].as<Gap>()->from_ns == 5);
}

TEST_CASE("a number that comes late was not lost") {
    SequenceCheck check;
    for (const std::uint32_t number : {1u, 2u, 6u, 4u, 5u, 3u, 7u, 7u, 2u}) check.see(0, number, number);
    CHECK(gaps(check).empty());
    SequenceCheck half;
    for (const std::uint32_t number : {1u, 9u, 5u, 4u}) half.see(0, number, number);
    const auto found = gaps(half);
    REQUIRE(found.size() == 1);  // neighbours in time are one gap
    CHECK(found[0].as<Gap>()->lost == 5);
}

TEST_CASE("a gap record explains what it counted, no more") {
    SequenceCheck check;
    check.see(0, 1, 1000);
    check.see(0, 11, 2000);
    SECTION("all of it") {
        check.explain(0, {1500, 2500, 9, "state"});
        CHECK(gaps(check).empty());
    }
    SECTION("by several probes, one of them on any cpu") {
        check.explain(0, {900, 1100, 4, "state"});
        check.explain(0xffff, {1500, 2500, 5, "error"});
        CHECK(gaps(check).empty());
    }
    SECTION("a part") {
        check.explain(0, {1500, 2500, 7, "state"});
        REQUIRE(gaps(check).size() == 1);
    }
    SECTION("of another cpu or another time: nothing") {
        check.explain(1, {1500, 2500, 9, "state"});
        check.explain(0, {3000, 4000, 9, "state"});
        const auto found = gaps(check);
        REQUIRE(found.size() == 1);
        CHECK(found[0].as<Gap>()->lost == 9);
    }
}

TEST_CASE("numbers wrap around past zero") {
    SequenceCheck check;
    check.see(0, 1, 1);
    check.see(0, 0x7fffffff, 2);
    check.see(0, 0xfffffff0, 3);
    check.see(0, 0xfffffffe, 4);
    check.see(0, 2, 5);  // 0xffffffff and 1 are missing; 0 is never given
    std::uint64_t lost = 0;
    for (const Event& event : gaps(check)) lost += event.as<Gap>()->lost;
    CHECK(lost == (0x7fffffffull - 2) + (0xfffffff0ull - 0x7fffffff - 1) + 13 + 2);
}

TEST_CASE("a number that comes again is a copy; one that comes late is not") {
    SequenceCheck check;
    for (const std::uint32_t number : {1u, 2u, 5u}) CHECK(check.see(0, number, number * 10));
    CHECK_FALSE(check.see(0, 2, 20));
    CHECK_FALSE(check.see(0, 5, 50));
    CHECK(check.see(0, 4, 60));
    CHECK_FALSE(check.see(0, 4, 60));
    CHECK(check.see(1, 4, 60));
    CHECK(check.see(0, 0, 70));
    CHECK(check.see(0, 0, 70));  // no number: the caller's to tell
}
