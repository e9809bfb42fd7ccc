#include "case/clock_fit.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include <fmt/format.h>

#include "base/text.h"

namespace tcpwitness {

namespace {

/// A bound on theta at a time, both relative to an anchor: nanoseconds as doubles keep 0.1 us over years.
struct Point {
    double at = 0, theta = 0;
};

double turn(const Point& a, const Point& b, const Point& c) { return (b.at - a.at) * (c.theta - a.theta) - (b.theta - a.theta) * (c.at - a.at); }

/// The side of the points' hull that binds a line from above (`upper`: the line must stay below all), or from below.
std::vector<Point> binding(std::vector<Point> points, bool upper) {
    std::sort(points.begin(), points.end(), [](const Point& a, const Point& b) { return a.at != b.at ? a.at < b.at : a.theta < b.theta; });
    std::vector<Point> hull;
    for (const Point& point : points) {
        while (hull.size() >= 2 && (turn(hull[hull.size() - 2], hull.back(), point) <= 0) == upper) hull.pop_back();
        hull.push_back(point);
    }
    return hull;
}

/// What stays possible for theta at the anchor when the drift is `drift` (no unit).
struct Band {
    double low = -std::numeric_limits<double>::infinity(), high = std::numeric_limits<double>::infinity();
    double width() const { return high - low; }
};

Band band(const std::vector<Point>& above, const std::vector<Point>& below, double drift) {
    Band left;
    for (const Point& p : above) left.high = std::min(left.high, p.theta - drift * p.at);
    for (const Point& p : below) left.low = std::max(left.low, p.theta - drift * p.at);
    return left;
}

struct Drifts {
    double low = 0, high = 0;
};

/// The drifts for which some theta is possible: the band's width is concave in the drift.
std::optional<Drifts> possible_drifts(const std::vector<Point>& above, const std::vector<Point>& below) {
    constexpr double most = most_drift_ppm * 1e-6;
    constexpr int rounds = 80;
    const auto width = [&](double drift) { return band(above, below, drift).width(); };
    double low = -most, high = most;
    for (int i = 0; i < rounds; ++i) {
        const double one = low + (high - low) / 3, two = high - (high - low) / 3;
        (width(one) < width(two) ? low : high) = width(one) < width(two) ? one : two;
    }
    const double best = (low + high) / 2;
    if (width(best) < 0) return std::nullopt;
    const auto edge = [&](double outside) {
        if (width(outside) >= 0) return outside;
        double inside = best;
        for (int i = 0; i < rounds; ++i) {
            const double middle = (inside + outside) / 2;
            (width(middle) >= 0 ? inside : outside) = middle;
        }
        return inside;
    };
    return Drifts{edge(-most), edge(most)};
}

Clock same_place(const std::vector<Crossing>& crossings, std::uint64_t anchor_ns) {
    std::vector<std::int64_t> offsets;  // A - B
    for (const Crossing& one : crossings) offsets.push_back(static_cast<std::int64_t>(one.a_ns - one.b_ns));
    const auto middle = offsets.begin() + static_cast<std::ptrdiff_t>(offsets.size() / 2);
    std::nth_element(offsets.begin(), middle, offsets.end());
    const auto [least, most] = std::minmax_element(offsets.begin(), offsets.end());
    Clock clock;
    clock.how = Clock::How::matched;
    clock.anchor_ns = anchor_ns;
    clock.offset_ns = *middle;
    clock.earlier_ns = static_cast<std::uint64_t>(*middle - *least);
    clock.later_ns = static_cast<std::uint64_t>(*most - *middle);
    clock.matches = crossings.size();
    return clock;
}

Clock one_way(const std::vector<Point>& above, const std::vector<Point>& below, Clock clock) {
    clock.how = Clock::How::one_way;
    const Band bound = band(above, below, 0);
    if (below.empty()) {
        clock.offset_ns = -std::llround(bound.high);
        clock.later_ns = longest_way_ns;
        clock.note = "packets were seen going one way only";
    } else {
        clock.offset_ns = -std::llround(bound.low);
        clock.earlier_ns = longest_way_ns;
        clock.note = "packets were seen coming one way only";
    }
    return clock;
}

}  // namespace

Clock fit_clock(std::vector<Crossing> crossings) {
    const auto earlier = [](const Crossing& a, const Crossing& b) { return a.b_ns < b.b_ns; };
    const auto [first, last] = std::minmax_element(crossings.begin(), crossings.end(), earlier);
    const std::uint64_t anchor_ns = first->b_ns + (last->b_ns - first->b_ns) / 2;
    const double half_span = static_cast<double>(last->b_ns - first->b_ns) / 2;
    std::vector<Crossing> same;
    std::copy_if(crossings.begin(), crossings.end(), std::back_inserter(same), [](const Crossing& one) { return one.way == Crossing::Way::same; });
    if (!same.empty()) return same_place(same, anchor_ns);

    // theta is counted from that of the first crossing, so that doubles are exact enough
    const auto base = static_cast<std::int64_t>(crossings.front().b_ns - crossings.front().a_ns);
    std::vector<Point> above, below;
    for (const Crossing& one : crossings) {
        const auto theta = static_cast<std::int64_t>(one.b_ns - one.a_ns) - base;
        const Point point{static_cast<double>(static_cast<std::int64_t>(one.b_ns - anchor_ns)), static_cast<double>(theta)};
        (one.way == Crossing::Way::there ? above : below).push_back(point);
    }
    above = binding(std::move(above), true);
    below = binding(std::move(below), false);
    Clock clock;
    clock.anchor_ns = anchor_ns;
    clock.matches = crossings.size();
    if (above.empty() || below.empty()) {
        clock = one_way(above, below, clock);
        clock.offset_ns -= base;
        return clock;
    }
    const auto drifts = possible_drifts(above, below);
    if (!drifts) {
        const Band still = band(above, below, 0);
        clock.how = Clock::How::crossed;
        clock.offset_ns = -base - std::llround((still.low + still.high) / 2);
        clock.note = fmt::format("what was seen in one direction contradicts the other by {}: a clock was set meanwhile, or the files' sides are mixed up",
                                 duration_text(static_cast<std::uint64_t>(-still.width())));
        return clock;
    }
    const double drift = (drifts->low + drifts->high) / 2, slack = (drifts->high - drifts->low) / 2;
    const Band middle = band(above, below, drift);
    const double theta = (middle.low + middle.high) / 2;
    // The corners of what is possible: the widest that any line strays from the middle one between the first crossing and the last.
    double stray = middle.width() / 2;
    for (const double one : {drifts->low, drifts->high}) {
        const Band corner = band(above, below, one);
        for (const double at : {-half_span, half_span})
            for (const double bound : {corner.low, corner.high}) stray = std::max(stray, std::abs(bound + one * at - theta - drift * at));
    }
    clock.how = Clock::How::matched;
    clock.offset_ns = -base - std::llround(theta);
    clock.drift_ppm = -drift * 1e6;
    clock.drift_uncertainty_ppm = slack * 1e6;
    clock.earlier_ns = clock.later_ns = static_cast<std::uint64_t>(std::ceil(stray));
    return clock;
}

}  // namespace tcpwitness
