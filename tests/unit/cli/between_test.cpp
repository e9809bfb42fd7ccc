#include "cli/between.h"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cerrno>

#include "support/events.h"

using namespace tcpwitness;

namespace {

constexpr std::uint64_t second = 1'000'000'000;

/// Marker begin at 1 s and 3 s, end at 5 s, a ping of 22 bytes at 7 s; a connection that lives from 0 to 9 s.
Story marked() {
    auto t = trace();
    const End edge = t.end("edge", "10.0.1.2:40000", "10.0.2.2:5061", task(7, "dialer"));
    End loopback = t.end("edge", "127.0.0.1:0", "127.0.0.1:0");
    loopback.cookie = loopback.socket_id = 0;
    std::uint16_t sequence = 0;
    const auto mark = [&](double at_ms, const char* name) {
        Icmp icmp;
        icmp.type = 8;
        icmp.echo_payload = *name ? 48 : 22;
        icmp.echo_seq = ++sequence;
        icmp.marker = name;
        t.as(loopback).at(at_ms).add(icmp);
    };
    t.as(edge).at(0).connect_enter();
    mark(1000, "begin");
    mark(3000, "begin");
    t.as(edge).at(4000).state(TcpState::close, TcpState::syn_sent);
    mark(5000, "end");
    mark(7000, "");
    t.as(edge).at(9000).connect_exit(-ETIMEDOUT);
    return t.story();
}

/// Where they are, in seconds since the recording began.
struct Found {
    double from, to;
    std::string note;
    bool operator==(const Found&) const = default;
};

Result<Found> find(const std::string& from, const std::string& to) {
    const Story story = marked();
    const std::uint64_t offset = story.boot_to_wall_ns;
    const auto span = resolve(Between{from, to}, story, {story.begin_ns + offset, story.end_ns + offset});
    if (!span) return span.error();
    return Found{static_cast<double>(span->from_ns - story.begin_ns) / second, static_cast<double>(span->to_ns - story.begin_ns) / second, span->note};
}

}  // namespace

TEST_CASE("between: names, pings and times") {
    const auto named = find("end", "ping:22");
    REQUIRE(named);
    CHECK(*named == Found{5, 7, ""});
    const auto timed = find("+2.5", "-1s");
    REQUIRE(timed);
    CHECK(timed->from == 2.5);
    CHECK(timed->to == Approx(8.0).margin(0.01));
    const auto mixed = find("+2", "end");
    REQUIRE(mixed);
    CHECK(*mixed == Found{2, 5, ""});
}

TEST_CASE("between: of several the first begins and the last ends, and it says so") {
    const auto found = find("begin", "begin");
    REQUIRE(found);
    CHECK(*found == Found{1, 3, "begin was set 2 times; what lies between the first and the last counts\n"});
    CHECK(find("begin", "end")->note == "begin was set 2 times; the first one counts\n");
    CHECK(find("+0", "begin")->note == "begin was set 2 times; the last one counts\n");
}

TEST_CASE("between: what cannot be is one line that helps") {
    CHECK(find("begin", "finish").error().message == "--between: no marker 'finish'; there are begin, end, ping:22");
    CHECK(find("ping:33", "end").error().message == "--between: no marker 'ping:33'; there are begin, end, ping:22");
    CHECK(find("be\033gin", "end").error().message == "--between: no marker 'be?gin'; there are begin, end, ping:22");
    CHECK(find("ping:22", "begin").error().message == "--between: 'begin' is before 'ping:22': nothing lies between them");
    CHECK(find("10:99", "end").error().message.starts_with("--between: '10:99' is not a time: write "));
    auto t = trace();
    t.as(t.end("edge", "10.0.1.2:40000", "10.0.2.2:5061")).at(0).connect_enter();
    CHECK(resolve(Between{"a", "b"}, t.story(), {}).error().message ==
          "--between: no marker 'a'; nobody set any (tcpwitness mark NAME, or a ping, while it is recorded)");
}

TEST_CASE("between: findings that touch the time stay, others go, and so do events") {
    Story story = marked();
    Judgement judged;
    std::vector<Finding>& findings = judged.findings;
    findings.resize(4);
    const std::uint64_t base = story.begin_ns;
    const std::pair<int, int> times[] = {{0, 2}, {2, 3}, {4, 4}, {6, 8}};
    for (std::size_t i = 0; i < 4; ++i) {
        findings[i].rule = std::to_string(i);
        findings[i].first_ns = base + static_cast<std::uint64_t>(times[i].first) * second;
        findings[i].last_ns = base + static_cast<std::uint64_t>(times[i].second) * second;
    }
    cut(story, judged, {base + 3 * second, base + 5 * second, ""});
    REQUIRE(findings.size() == 2);
    CHECK(findings[0].rule == "1");
    CHECK(findings[1].rule == "2");
    REQUIRE(story.connections.size() == 1);
    CHECK(story.connections[0].events.size() == 1);
}

TEST_CASE("between: the option takes two words") {
    Between given;
    const Option option = between_option(given);
    REQUIRE(option.apply_two("a", "b"));
    CHECK(given.from == "a");
    CHECK(given.to == "b");
    CHECK_FALSE(option.apply_two("", "b"));
}

TEST_CASE("between: only what shows itself in that time is told, and counted") {
    auto t = trace();
    for (int i = 0; i < 4; ++i) {
        const double ms = 1'000 + i * 2'000.0;
        const End client = t.end("edge", "10.0.1.2:4000" + std::to_string(i), "10.0.2.2:5061", task(7, "dialer"));
        t.as(client).at(ms).connect_enter().syn_sent().syn_out().at(ms + 0.5).rst_in().error(ECONNREFUSED).wiped_close(TcpState::syn_sent).connect_exit(-ECONNREFUSED).destroy();
    }
    Story story = t.story();
    const auto refused = [](const Judgement& judged) {
        std::uint64_t times = 0;
        for (const Finding& one : judged.findings) times += one.rule == "connect-refused" ? one.count : 0;
        return times;
    };
    CHECK(refused(judge(story)) == 4);
    const TimeSpan nothing{story.begin_ns + 3'500'000'000, story.begin_ns + 4'500'000'000, ""};
    CHECK(refused(judge(story, shows_between(story, nothing))) == 0);
    const TimeSpan span{story.begin_ns + 2'000'000'000, story.begin_ns + 6'000'000'000, ""};
    Judgement judged = judge(story, shows_between(story, span));
    CHECK(refused(judged) == 2);
    cut(story, judged, span);
    for (const Finding& one : judged.findings)
        for (const std::uint64_t id : one.evidence)
            CHECK(std::any_of(story.connections.begin(), story.connections.end(), [&](const Connection& c) {
                return std::any_of(c.events.begin(), c.events.end(), [&](const Event& event) { return event.id == id; });
            }));
}
