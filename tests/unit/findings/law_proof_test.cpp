// Law 4, from the events to the finding: what opens another explanation of a silence, and what does not. (proof_test.cpp goes over every ground.)
#include <catch2/catch.hpp>

#include "findings/facts.h"
#include "support/findings.h"
#include "support/laws.h"
#include "support/two_recordings.h"

using namespace tcpwitness;

namespace {

/// In the story, by proof.cpp; the others are held by the rules.
bool looked_up(Other one) { return holds(silence, one); }

/// A story in which nothing speaks against the edge's silence; or in which exactly this explanation of it is open.
Story story_with(std::optional<Other> open) {
    TwoRecordings two;
    TraceBuilder& t = two.t;
    if (open == Other::records_lost) t.gap(900, 1100, 3);
    if (open == Other::not_recorded) {
        two.fe().clock.how = Clock::How::one_way;
        two.fe().clock.later_ns = 20'000 * two.ms;  // the RST may have come long after the edge's recording ended
    }
    if (open == Other::clocks_apart) two.fe().clock.how = Clock::How::wall;
    if (open == Other::hidden_program) t.as(two.edge_end).at(0).environment(Environment::What::found, "xdp", "eth", "program 7");
    if (open == Other::device_down) t.as(two.edge_end).at(1001).environment(Environment::What::changed, "device", "eth", "down, veth, mtu 1500");
    if (open == Other::spoilt_packet) {
        Drop drop;
        drop.reason = "TCP_CSUM";
        t.as(two.fe_end).at(1000.3).add(drop);
    }
    if (open == Other::misaddressed) {
        t.as(two.edge_end).at(0).environment(Environment::What::found, "device", "eth-edge", "up, veth, mtu 1500, 02:00:00:00:00:02");
        t.at(1000.4).look().destination_mac = {2, 0, 0, 0, 0, 1};
        t.look().has_destination_mac = true;
        t.syn_ack_in();
    }
    return two.story();
}

const Finding* forged(const std::vector<Finding>& findings) {
    for (const Finding& f : findings)
        if (f.rule == "reset-forged") return &f;
    return nullptr;
}

}  // namespace

TEST_CASE("a ground that leans on silence, and does not say whose, is no proof") {
    const Story story = story_with(std::nullopt);
    static constexpr Proof proof{"somebody was silent", silence};
    Finding f;
    prove(f, proof);
    check_proof(f, story);
    CHECK(f.certainty == Certainty::likely);
}

TEST_CASE("the forged RST is proven, and likely with each explanation that is open") {
    const auto sound = find_all(story_with(std::nullopt));
    REQUIRE(forged(sound));
    CHECK(forged(sound)->certainty == Certainty::proven);
    for (const OtherExplanation& other : other_explanations()) {
        if (!looked_up(other.id)) continue;
        const auto findings = find_all(story_with(other.id));
        INFO(other.what << "\n" << all_text(findings));
        REQUIRE_FALSE(findings.empty());  // it, or what explains it better: a drop that the kernel told
        if (const Finding* f = forged(findings)) CHECK(f->certainty == Certainty::likely);
    }
}

TEST_CASE("what acts elsewhere, earlier or later leaves the proof alone") {
    TwoRecordings two;
    for (const RecordingId each : {0u, 1u}) two.cover(each, 0, 20'000);
    SECTION("a program on the host that speaks") { two.t.as(two.fe_end).at(0).environment(Environment::What::found, "xdp", "eth", "program 7"); }
    SECTION("a program that was gone before") {
        two.t.as(two.edge_end).at(0).environment(Environment::What::found, "xdp", "eth", "program 7");
        two.t.at(500).environment(Environment::What::gone, "xdp", "eth", "");
    }
    SECTION("a program that came long after") { two.t.as(two.edge_end).at(15'000).environment(Environment::What::appeared, "xdp", "eth", "program 7"); }
    SECTION("the loopback device") { two.t.as(two.edge_end).at(1001).environment(Environment::What::changed, "device", "lo", "down, loopback"); }
    SECTION("another device fact") { two.t.as(two.edge_end).at(1001).environment(Environment::What::changed, "device", "eth", "up, veth, mtu 1400"); }
    SECTION("records lost long before") { two.t.gap(-900, -800, 3); }
    CHECK(two.certainty() == Certainty::proven);
}

TEST_CASE("a configuration that is not known proves nothing") {
    TwoRecordings two;
    SECTION("nobody wrote it down") {
        Story story = two.story();
        std::erase_if(story.environment, [](const Event& event) { return event.witness == 0; });
        const auto findings = find_all(story);
        REQUIRE(forged(findings));
        CHECK(forged(findings)->certainty == Certainty::likely);
    }
    SECTION("it could not be read") {
        two.t.as(two.edge_end).at(0).environment(Environment::What::unreadable, "tc_filter", "eth", "not permitted");
        CHECK(two.certainty() == Certainty::likely);
    }
}
