// Bounds, not averages: what two clocks can be said to be apart.
#include <catch2/catch.hpp>

#include <cmath>

#include "case/clock_fit.h"

using namespace tcpwitness;

namespace {

constexpr std::uint64_t second = 1'000'000'000, us = 1000;
constexpr std::uint64_t start = 1'800'000'000 * second;  // as far from 0 as wall clocks are

/// B's clock, as far off as it is: what the fit has to find.
struct TwoClocks {
    std::int64_t ahead_ns = 0;
    double fast_ppm = 0;
    std::vector<Crossing> crossings;

    std::uint64_t b(std::uint64_t true_ns) const {
        const auto drift = static_cast<std::int64_t>(static_cast<double>(true_ns - start) * fast_ppm * 1e-6);
        return true_ns + static_cast<std::uint64_t>(ahead_ns + drift);
    }
    void there(std::uint64_t at_ns, std::uint64_t delay_ns) { crossings.push_back({at_ns, b(at_ns + delay_ns), Crossing::Way::there}); }
    void back(std::uint64_t at_ns, std::uint64_t delay_ns) { crossings.push_back({at_ns + delay_ns, b(at_ns), Crossing::Way::back}); }
    /// How far the clock's answer is from the truth, positive: shown too early.
    std::int64_t wrong(const Clock& clock, std::uint64_t true_ns) const { return static_cast<std::int64_t>(true_ns - clock.common_ns(b(true_ns))); }
    void holds(const Clock& clock, std::uint64_t true_ns) const {
        const std::int64_t by = wrong(clock, true_ns);
        CAPTURE(by, clock.earlier_ns, clock.later_ns, clock.drift_ppm);
        CHECK(by <= static_cast<std::int64_t>(clock.later_ns) + 2);
        CHECK(-by <= static_cast<std::int64_t>(clock.earlier_ns) + 2);
    }
};

}  // namespace

TEST_CASE("the width of what is not known is the round trip, wherever in it the truth lies") {
    for (const std::uint64_t outward : {1 * us, 43'000 * us, 85'000 * us}) {
        TwoClocks two{-13'990'000'000, 0, {}};
        for (std::uint64_t i = 0; i < 50; ++i) {
            two.there(start + i * second / 10, outward + i % 7 * 100 * us);
            two.back(start + i * second / 10 + 50'000 * us, 86'000 * us - outward + i % 5 * 100 * us);
        }
        const Clock clock = fit_clock(two.crossings);
        CHECK(clock.how == Clock::How::matched);
        CHECK(clock.matches == 100);
        CHECK(clock.uncertainty_ns() >= 43'000 * us - us);
        CHECK(clock.uncertainty_ns() < 48'000 * us);
        for (std::uint64_t i = 0; i <= 50; i += 10) two.holds(clock, start + i * second / 10);
    }
}

TEST_CASE("a drift shows over a long time, and times stay within the bounds all along") {
    TwoClocks two{3 * 3600 * static_cast<std::int64_t>(second), 40, {}};
    for (std::uint64_t i = 0; i < 600; ++i) {
        two.there(start + i * second, 40 * us + i % 11 * 30 * us);
        two.back(start + i * second + second / 2, 40 * us + i % 13 * 20 * us);
    }
    const Clock clock = fit_clock(two.crossings);
    CHECK(clock.how == Clock::How::matched);
    CHECK(std::abs(clock.drift_ppm + 40) < 1);  // to take its times back
    CHECK(clock.drift_uncertainty_ppm < 1);
    CHECK(clock.uncertainty_ns() < 300 * us);
    for (std::uint64_t i = 0; i < 600; i += 50) two.holds(clock, start + i * second);
}

TEST_CASE("one direction gives one bound; the other is how long a segment can be under way") {
    TwoClocks two{5'000'000, 0, {}};
    for (std::uint64_t i = 0; i < 3; ++i) two.there(start + i * second, 700 * us);
    const Clock there = fit_clock(two.crossings);
    CHECK(there.how == Clock::How::one_way);
    CHECK(there.earlier_ns == 0);
    CHECK(there.later_ns == longest_way_ns);
    two.holds(there, start + second);

    two.crossings.clear();
    for (std::uint64_t i = 0; i < 3; ++i) two.back(start + i * second, 700 * us);
    const Clock back = fit_clock(two.crossings);
    CHECK(back.how == Clock::How::one_way);
    CHECK(back.later_ns == 0);
    CHECK(back.earlier_ns == longest_way_ns);
    two.holds(back, start + second);
    CHECK_FALSE(back.note.empty());
}

TEST_CASE("bounds that cross are told, not averaged") {
    TwoClocks two;
    for (std::uint64_t i = 0; i < 10; ++i) {
        if (i == 5) two.ahead_ns = 1'000'000'000;  // the clock was set
        two.there(start + i * second, 50 * us);
        two.back(start + i * second + second / 2, 50 * us);
    }
    const Clock clock = fit_clock(two.crossings);
    CHECK(clock.how == Clock::How::crossed);
    CHECK_FALSE(clock.told());
    CHECK(clock.note.find("contradicts") != std::string::npos);
}

TEST_CASE("two recorders at one place see one time") {
    std::vector<Crossing> same;
    for (std::uint64_t i = 0; i < 9; ++i) same.push_back({start + i * second, start + i * second + 250 * us + i * us, Crossing::Way::same});
    const Clock clock = fit_clock(same);
    CHECK(clock.how == Clock::How::matched);
    CHECK(clock.common_ns(start + 254 * us) == start);
    CHECK(clock.uncertainty_ns() == 4 * us);
}

TEST_CASE("one crossing each way, and one at all") {
    TwoClocks two{77, 0, {}};
    two.there(start, 10 * us);
    CHECK(fit_clock(two.crossings).how == Clock::How::one_way);
    two.back(start + us, 10 * us);
    const Clock clock = fit_clock(two.crossings);
    CHECK(clock.how == Clock::How::matched);
    two.holds(clock, start);
}
