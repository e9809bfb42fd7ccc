#include <catch2/catch.hpp>

#include "cli/announcer.h"

using namespace tcpwitness;

namespace {

constexpr std::uint64_t ms = 1'000'000, second = 1000 * ms, t0 = 100 * second;

/// What find_all() makes of a matter that came `count` times from `first_ns` to `last_ns`.
Finding folded(std::uint64_t count, std::uint64_t first_ns, std::uint64_t last_ns, const std::string& key = "5061",
               Certainty certainty = Certainty::likely, Culprit culprit = Culprit::peer_host) {
    Finding finding;
    finding.rule = "connect-refused";
    finding.culprit = culprit;
    finding.certainty = certainty;
    finding.connections = {1};
    finding.count = count;
    finding.first_ns = first_ns;
    finding.last_ns = last_ns;
    finding.fold_key = key;
    finding.headline = repeats_text(finding) + "refused";
    return finding;
}

std::vector<std::string> headlines(const std::vector<Finding>& lines) {
    std::vector<std::string> told;
    for (const Finding& line : lines) told.push_back(line.headline);
    return told;
}

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("a finding is said a second after it first happened, also while it goes on") {
    Announcer announcer;
    CHECK(announcer.due(std::vector{folded(1, t0, t0)}, t0 + 999 * ms).empty());
    CHECK(announcer.look_again_ns() == t0 + second);
    CHECK(headlines(announcer.due(std::vector{folded(50, t0, t0 + 999 * ms)}, t0 + second)) == Lines{"so far 50 times: refused"});
    CHECK(announcer.different() == 1);
}

TEST_CASE("repeats are said every ten seconds, and their final count at the end") {
    Announcer announcer;
    Lines told;
    const auto hear = [&](const std::vector<Finding>& lines) {
        for (std::string& line : headlines(lines)) told.push_back(std::move(line));
    };
    for (std::uint64_t tick = 0; tick <= 250; ++tick)  // ten a second for 25 s
        hear(announcer.due(std::vector{folded(tick + 1, t0, t0 + tick * 100 * ms)}, t0 + tick * 100 * ms));
    CHECK(told == Lines{"so far 11 times: refused", "so far 111 times: refused", "so far 211 times: refused"});
    hear(announcer.last(std::vector{folded(251, t0, t0 + 25 * second)}));
    CHECK(told.back() == "so far 251 times: refused");
    CHECK(told.size() == 4);
    CHECK(announcer.different() == 1);
}

TEST_CASE("a repeat that nothing follows is said when its ten seconds are over, and the end repeats nothing that was said") {
    Announcer announcer;
    announcer.due(std::vector{folded(1, t0, t0)}, t0 + second);
    const std::vector again{folded(2, t0, t0 + 3 * second)};
    CHECK(announcer.due(again, t0 + 4 * second).empty());
    CHECK(announcer.look_again_ns() == t0 + 11 * second);
    CHECK(headlines(announcer.due(again, announcer.look_again_ns())) == Lines{"so far 2 times: refused"});
    CHECK(announcer.look_again_ns() == UINT64_MAX);
    CHECK(announcer.last(again).empty());
}

TEST_CASE("a finding that has become surer, or blames another, is said again at once") {
    Announcer announcer;
    announcer.due(std::vector{folded(1, t0, t0, "5061", Certainty::possible)}, t0 + second);
    const auto surer = announcer.due(std::vector{folded(1, t0, t0, "5061", Certainty::proven)}, t0 + 2 * second);
    REQUIRE(surer.size() == 1);
    CHECK(surer[0].certainty == Certainty::proven);
    CHECK(surer[0].headline == "refused");
    const auto other = announcer.due(std::vector{folded(1, t0, t0, "5061", Certainty::proven, Culprit::path)}, t0 + 3 * second);
    REQUIRE(other.size() == 1);
    CHECK(other[0].culprit == Culprit::path);
    CHECK(announcer.due(std::vector{folded(1, t0, t0, "5061", Certainty::likely)}, t0 + 4 * second).empty());
    CHECK(announcer.different() == 1);
}

TEST_CASE("what the story has forgotten still counts") {
    Announcer announcer;
    announcer.due(std::vector{folded(100, t0, t0 + second)}, t0 + 2 * second);
    announcer.rebase(std::vector{folded(40, t0, t0 + second)}, t0 + 2 * second);
    CHECK(headlines(announcer.due(std::vector{folded(45, t0, t0 + 12 * second)}, t0 + 13 * second)) == Lines{"so far 105 times: refused"});
    announcer.rebase({}, t0 + 13 * second);
    const std::vector once_more{folded(1, t0 + 24 * second, t0 + 24 * second)};
    CHECK(headlines(announcer.due(once_more, t0 + 25 * second)) == Lines{"so far 106 times: refused"});
}

TEST_CASE("what was said is remembered for a while, and never too much of it") {
    Announcer announcer;
    announcer.due(std::vector{folded(1, t0, t0)}, t0 + second);
    CHECK(!announcer.idle());
    announcer.due({}, t0 + second + Announcer::remember_ns + 1);
    CHECK(announcer.idle());

    std::vector<Finding> flood;
    for (std::size_t i = 0; i <= Announcer::most_remembered; ++i) flood.push_back(folded(1, t0, t0, std::to_string(i)));
    CHECK(announcer.due(flood, t0 + 2 * second).size() == Announcer::most_remembered);
    CHECK(announcer.overwhelmed());
    CHECK(announcer.due(flood, t0 + 3 * second).empty());
    const std::vector later{folded(1, t0 + 9 * second, t0 + 9 * second, "later")};
    CHECK(announcer.due(later, t0 + 10 * second).size() == 1);
}
