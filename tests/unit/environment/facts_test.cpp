#include "environment/facts.h"

#include <catch2/catch.hpp>

#include "environment/host.h"

using namespace tcpwitness;

using What = Environment::What;

TEST_CASE("what was found is told once") {
    Facts facts;
    facts.add("route", "main default", "via 10.0.0.1");
    facts.unreadable("nft_chain", "", "Operation not permitted");
    const auto all = as_found(facts);
    REQUIRE(all.size() == 2);
    CHECK(all[0].what == What::unreadable);
    CHECK(all[0].after == "Operation not permitted");
    CHECK(all[1].what == What::found);
    CHECK(all[1].name == "main default");
    CHECK(differences(facts, facts, true).empty());
}

TEST_CASE("changes are told with what was before") {
    Facts before, after;
    before.add("route", "a", "1");
    before.add("route", "b", "2");
    after.add("route", "a", "3");
    after.add("route", "c", "4");
    const auto all = differences(before, after, false);
    REQUIRE(all.size() == 3);
    CHECK(all[0].what == What::gone);
    CHECK(all[0].before == "2");
    CHECK(all[1].what == What::changed);
    CHECK(all[1].before == "1");
    CHECK(all[1].after == "3");
    CHECK(all[2].what == What::appeared);
    CHECK(all[2].after == "4");
}

TEST_CASE("counters are no changes, and at the end tell how far they moved since they were found") {
    Facts before, middle, after;
    before.count("nft_counter", "a", "1");
    before.count("nft_counter", "b", "1");
    middle.count("nft_counter", "a", "5");
    CHECK(differences(before, middle, false).empty());
    after.count("nft_counter", "a", "7");
    after.count("nft_counter", "b", "1");
    middle.carry_over(before);
    CHECK(middle.find("nft_counter", "a")->value == "1");
    const auto moved = differences(before, after, true);
    REQUIRE(moved.size() == 1);
    CHECK(moved[0].what == What::counted);
    CHECK(moved[0].before == "1");
    CHECK(moved[0].after == "7");
}

TEST_CASE("a topic that cannot be read for a moment is not told as gone and back again") {
    Facts before, hidden, after;
    before.add("route", "a", "1");
    hidden.unreadable("route", "", "busy");
    hidden.carry_over(before);
    const auto told = differences(before, hidden, false);
    REQUIRE(told.size() == 1);
    CHECK(told[0].what == What::unreadable);
    after.add("route", "a", "1");
    CHECK(differences(hidden, after, false).empty());
}

TEST_CASE("modules that are not the kernel's own are told from /proc/modules") {
    Facts facts;
    add_modules("ext4 1 2 - Live 0x0000\nnvidia 100 5 nvidia_uvm, Live 0x0000000000000000 (POE)\nwg 1 0 - Live 0x0 (E)\n", facts);
    CHECK(facts.all().size() == 2);
    CHECK(facts.find("module", "nvidia")->value == "proprietary, out of tree, not signed");
    CHECK_FALSE(facts.find("module", "ext4"));
}
