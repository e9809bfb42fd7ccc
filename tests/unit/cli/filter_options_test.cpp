#include <catch2/catch.hpp>

#include <ctime>

#include "cli/filter_options.h"
#include "cli/selection.h"

using namespace tcpwitness;

namespace {

constexpr std::uint64_t s = 1'000'000'000;

Status give(FilterArguments& to, std::vector<std::string> words) {
    const CommandLine line{"record", "", "", {filter_options(to)}, ""};
    const auto operands = parse(line, words);
    if (!operands) return operands.error();
    return success();
}

}  // namespace

TEST_CASE("filters take lists, ranges and prefixes") {
    FilterArguments to;
    REQUIRE(give(to, {"--port", "443,8000-8100", "--port=22", "--peer-host", "192.0.2.77/24", "--pid", "1,2", "--comm", "a-name-of-more-than-15"}));
    CHECK(to.filter.ports[0] == std::vector<PortRange>{{443, 443}, {8000, 8100}, {22, 22}});
    CHECK(to.filter.hosts[2][0].text() == "192.0.2.0/24");
    CHECK(to.filter.pids == std::vector<std::uint32_t>{1, 2});
    CHECK(to.filter.comms == std::vector<std::string>{"a-name-of-more-"});
}

TEST_CASE("a value that is none is one line") {
    const std::vector<std::vector<std::string>> wrong = {
        {"--port", "0"}, {"--port", "70000"}, {"--port", "9-1"}, {"--port", ""}, {"--port", "80,"},
        {"--host", "300.1.1.1"}, {"--host", "192.0.2.1/33"}, {"--host", "::/129"}, {"--host", "name"}, {"--pid", "0"}, {"--pid", "x"},
    };
    for (const auto& words : wrong) {
        INFO(words[0] << ' ' << words[1]);
        FilterArguments to;
        const Status given = give(to, words);
        REQUIRE_FALSE(given);
        CHECK(given.error().message.find(words[0]) == 0);
        CHECK(given.error().message.find('\n') == std::string::npos);
    }
}

TEST_CASE("the flow filter: one list any, different lists all, unknown passes") {
    FilterArguments to;
    REQUIRE(give(to, {"--port", "443", "--peer-host", "192.0.2.0/24"}));
    const auto flow = [](const char* local, std::uint16_t local_port, const char* peer, std::uint16_t peer_port) {
        return Flow{{*Address::parse(local), local_port}, {*Address::parse(peer), peer_port}};
    };
    CHECK(to.filter.flow(flow("10.0.0.1", 5000, "192.0.2.9", 443)));
    CHECK(to.filter.flow(flow("10.0.0.1", 443, "192.0.2.9", 5000)));
    CHECK_FALSE(to.filter.flow(flow("10.0.0.1", 5000, "192.0.2.9", 80)));
    CHECK_FALSE(to.filter.flow(flow("10.0.0.1", 5000, "192.0.3.9", 443)));
    CHECK(to.filter.flow(flow("10.0.0.1", 0, "0.0.0.0", 0)));
}

TEST_CASE("durations and sizes") {
    CHECK(*parse_duration("10") == 10 * s);
    CHECK(*parse_duration("1.5s") == 1'500'000'000);
    CHECK(*parse_duration("250ms") == 250'000'000);
    CHECK(*parse_duration("2h") == 7200 * s);
    for (const char* wrong : {"", "x", "-1", "1y", "1e9h"}) CHECK_FALSE(parse_duration(wrong));
    CHECK(*parse_size("4096") == 4096);
    CHECK(*parse_size("16M") == 16u << 20);
    CHECK(*parse_size("1GiB") == 1u << 30);
    for (const char* wrong : {"", "M", "0", "-1M", "1X"}) CHECK_FALSE(parse_size(wrong));
}

TEST_CASE("times: of the clock, of a day, since 1970, from the start, before the end") {
    tm day{};
    day.tm_year = 126, day.tm_mon = 10, day.tm_mday = 21, day.tm_isdst = -1;
    const auto midnight = static_cast<std::uint64_t>(mktime(&day)) * s;
    const TimeBase base{midnight + 3600 * s, midnight + 7200 * s};
    CHECK(*parse_time("01:30:00.5", base) == midnight + 5400 * s + s / 2);
    CHECK(*parse_time("01:30", base) == midnight + 5400 * s);
    CHECK(*parse_time("2026-11-21 01:30:00", base) == midnight + 5400 * s);
    CHECK(*parse_time("2026-11-21", base) == midnight);
    CHECK(*parse_time("@1700000000", base) == 1'700'000'000 * s);
    CHECK(*parse_time("+12.5", base) == base.start_wall_ns + 12'500'000'000);
    CHECK(*parse_time("-5m", base) == base.end_wall_ns - 300 * s);
    for (const char* wrong : {"", "yesterday", "25:00:00", "2026-13-01", "+x", "@", "01:30:00x", "01:30:00.x"}) {
        INFO(wrong);
        CHECK_FALSE(parse_time(wrong, base));
    }
}

TEST_CASE("a span of time that ends before it begins, or that is past when recording, is refused") {
    Filter filter;
    CHECK(check_order(filter));
    filter.since_wall_ns = 2 * s;
    filter.until_wall_ns = 3 * s;
    CHECK(check_order(filter));
    filter.until_wall_ns = 1 * s;
    CHECK_FALSE(check_order(filter));

    FilterArguments arguments;
    arguments.until = "@1700000000";
    const auto past = resolve_here(arguments);
    REQUIRE_FALSE(past);
    CHECK(past.error().message == "--until: '@1700000000' is past");
}

TEST_CASE("a report asks for what the recording asked for, unless it is told otherwise") {
    TraceInfo info;
    info.meta = {{"filter.port", "443-443,8000-8100"}, {"filter.peer_host", "10.0.0.0/8"}, {"filter.comm", "nginx"}, {"filter.local_port", "x"}};
    Filter filter;
    add_recorded_filter(info, filter);
    CHECK(filter.ports[static_cast<int>(Side::either)] == std::vector<PortRange>{{443, 443}, {8000, 8100}});
    CHECK(filter.ports[static_cast<int>(Side::local)].empty());
    REQUIRE(filter.hosts[static_cast<int>(Side::peer)].size() == 1);
    CHECK(filter.hosts[static_cast<int>(Side::peer)][0].text() == "10.0.0.0/8");
    CHECK(filter.comms == std::vector<std::string>{"nginx"});

    Filter own;
    own.ports[static_cast<int>(Side::either)] = {{22, 22}};
    add_recorded_filter(info, own);
    CHECK(own.ports[static_cast<int>(Side::either)] == std::vector<PortRange>{{22, 22}});
}

TEST_CASE("a port that nobody ever learnt is none of those asked for; while it may still come, it passes") {
    Filter filter;
    filter.ports[static_cast<int>(Side::either)] = {{443, 443}};
    const Flow listener{{{}, 2024}, {}}, wanted{{{}, 0}, {{}, 443}};
    CHECK(filter.flow(listener));
    CHECK_FALSE(filter.whole_flow(listener));
    CHECK(filter.whole_flow(wanted));
    filter.ports[static_cast<int>(Side::either)] = {};
    CHECK(filter.whole_flow(listener));
}
