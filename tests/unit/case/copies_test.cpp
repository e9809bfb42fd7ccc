// One recording given twice.
#include <catch2/catch.hpp>

#include "case/case_story.h"
#include "case/copies.h"
#include "support/capture_script.h"
#include "support/events.h"

using namespace tcpwitness;

namespace {

Exhibit recording(const std::string& file) {
    TraceBuilder t;
    const End edge = t.end("edge", "10.0.1.2:40000", "10.0.2.2:5061", task(100, "dialer"));
    t.as(edge).at(1000).connect_enter().syn_sent().syn_out();
    t.at(1010).syn_ack_in().state(TcpState::syn_sent, TcpState::established);
    t.at(2000).fin_out().at(2010).fin_in();
    Exhibit made;
    made.info = t.info();
    made.info.file = file;
    made.info.boot_id = "one";
    made.info.ended_ns = made.info.started_ns + 5'000'000'000;
    std::uint32_t seq = 0;
    for (Event event : t.events()) {
        event.seq = ++seq;
        made.events.push_back(std::move(event));
    }
    return made;
}

/// What a tool leaves that cuts a file: the records of one part of the time.
Exhibit part(const std::string& file, std::size_t from, std::size_t to) {
    Exhibit made = recording(file);
    made.events = {made.events.begin() + static_cast<std::ptrdiff_t>(from), made.events.begin() + static_cast<std::ptrdiff_t>(std::min(to, made.events.size()))};
    return made;
}

Exhibit capture(const std::string& file) {
    test::CaptureScript script;
    script.client({.at_ms = 1000, .seq = 0, .ack = 0, .flags = tcp_flag::syn});
    script.server({.at_ms = 1010, .seq = 0, .flags = tcp_flag::syn | tcp_flag::ack});
    script.client({.at_ms = 1011});
    Exhibit made = exhibit_of(script.finish());
    made.info.file = file;
    return made;
}

}  // namespace

TEST_CASE("a copy is counted once, whichever comes first") {
    const std::size_t events = recording("a").events.size();
    std::vector<Exhibit> exhibits;
    for (const char* name : {"a", "b", "c"}) exhibits.push_back(recording(name));
    const auto said = fold_copies(exhibits);
    REQUIRE(said == std::vector<std::string>{"b is the same recording as a: counted once", "c is the same recording as a: counted once"});
    REQUIRE(exhibits.size() == 1);
    CHECK(exhibits.front().info.copies == said);
    CHECK(exhibits.front().events.size() == events);
}

TEST_CASE("a part goes into the whole, also when it comes first") {
    for (const bool first : {true, false}) {
        std::vector<Exhibit> exhibits;
        if (first) exhibits.push_back(part("half", 0, 3));
        exhibits.push_back(recording("whole"));
        if (!first) exhibits.push_back(part("half", 0, 3));
        CHECK(fold_copies(exhibits) == std::vector<std::string>{"half is a part of the recording in whole: counted once"});
        REQUIRE(exhibits.size() == 1);
        CHECK(exhibits.front().info.file == "whole");
    }
}

TEST_CASE("parts of one recording become one, each record once, and what neither has stays a loss") {
    const std::size_t events = recording("a").events.size();
    std::vector<Exhibit> exhibits{part("a", 0, 4), part("b", 3, 99)};
    exhibits[0].info.ended_ns = 0;
    exhibits[0].info.cut_off = true;
    Event gap;
    gap.time_ns = exhibits[1].events.front().time_ns;
    gap.body = Gap{exhibits[1].info.started_ns, gap.time_ns, 5, "unknown"};  // 3 of the first part, and 2 that nobody has
    exhibits[1].events.insert(exhibits[1].events.begin(), gap);
    REQUIRE(fold_copies(exhibits).size() == 1);
    REQUIRE(exhibits.size() == 1);
    CHECK_FALSE(exhibits.front().info.cut_off);
    const auto& all = exhibits.front().events;
    CHECK(all.size() == events + 1);
    const auto lost = std::find_if(all.begin(), all.end(), [](const Event& event) { return event.as<Gap>(); });
    REQUIRE(lost != all.end());
    CHECK(lost->as<Gap>()->lost == 2);
    CHECK(std::is_sorted(all.begin(), all.end(), [](const Event& a, const Event& b) { return a.time_ns < b.time_ns; }));
}

TEST_CASE("two recordings of one boot are two") {
    std::vector<Exhibit> exhibits{recording("a"), recording("b")};
    exhibits[1].info.started_ns += 1;
    CHECK(fold_copies(exhibits).empty());
    CHECK(exhibits.size() == 2);
}

TEST_CASE("captures are told by their packets") {
    std::vector<Exhibit> exhibits{capture("a.pcap"), capture("b.pcap")};
    CHECK(fold_copies(exhibits) == std::vector<std::string>{"b.pcap holds the same as a.pcap: counted once"});
    std::vector<Exhibit> mixed{capture("a.pcap"), recording("b")};
    CHECK(fold_copies(mixed).empty());
}

TEST_CASE("what one part tells of names and settings holds for the whole, also where it holds nothing else") {
    std::vector<Exhibit> exhibits{part("names", 0, 0), part("settings", 0, 0), part("a", 0, 4), part("b", 4, 99)};
    for (Exhibit& one : exhibits) {
        one.info.ended_ns = 0;
        for (Witness& witness : one.info.witnesses) witness.netns = 7, witness.name = "netns 7";
    }
    exhibits[0].info.witnesses[0].name = "edge";
    exhibits[1].info.witnesses[0].sysctls["net.ipv4.tcp_retries2"] = "5";
    exhibits[1].info.cgroups[4] = "/system.slice";
    exhibits[3].info.ended_ns = exhibits[3].info.started_ns + 5;
    for (const std::size_t from : {0u, 1u}) {  // several facts that were found at one moment are several
        Event event;
        event.time_ns = 5;
        event.body = Environment{Environment::What::found, false, "route", from ? "one" : "other", {}, "x"};
        exhibits[from].events.push_back(event);
    }
    const std::size_t events = recording("a").events.size();
    const auto said = fold_copies(exhibits);
    REQUIRE(exhibits.size() == 1);
    CHECK(said.size() == 3);
    for (const std::string& one : said) CHECK(one.find("same recording") == std::string::npos);
    const TraceInfo& info = exhibits.front().info;
    REQUIRE(info.witnesses.size() == 1);
    CHECK(info.witnesses[0].name == "edge");
    CHECK(info.witnesses[0].sysctls.at("net.ipv4.tcp_retries2") == "5");
    CHECK(info.cgroups.at(4) == "/system.slice");
    CHECK_FALSE(info.cut_off);
    CHECK(exhibits.front().events.size() == events + 2);
}

TEST_CASE("what a part misses by its own count is no loss where another part has it") {
    std::vector<Exhibit> exhibits{part("a", 0, 4), part("b", 4, 99)};
    exhibits[0].info.ended_ns = 0;
    Event gap;
    gap.time_ns = exhibits[1].info.ended_ns;
    gap.cpu = 0xffff;
    const bool more = GENERATE(false, true);
    gap.body = Gap{exhibits[1].info.started_ns, gap.time_ns, more ? 5u : 4u, "unknown"};
    exhibits[1].events.push_back(gap);
    fold_copies(exhibits);
    REQUIRE(exhibits.size() == 1);
    const auto& all = exhibits.front().events;
    const auto lost = std::find_if(all.begin(), all.end(), [](const Event& event) { return event.as<Gap>(); });
    CHECK((lost != all.end()) == more);
}
