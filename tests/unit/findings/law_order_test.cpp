// Law 3: a cause comes before its effect. And with it the other laws, over every story that is at hand.
#include <catch2/catch.hpp>

#include "support/findings.h"
#include "support/laws.h"
#include "support/nonsense.h"
#include "support/scenes.h"

using namespace tcpwitness;
using Catch::Contains;

namespace {

const Finding* of_rule(const std::vector<Finding>& findings, const std::string& rule) {
    for (const Finding& f : findings)
        if (f.rule == rule) return &f;
    return nullptr;
}

bool tells_effect(const std::vector<Finding>& findings, const std::string& rule) {
    for (const Finding& f : findings)
        for (const std::string& reason : f.reasons)
            if (reason.starts_with("its effect (" + rule + ")")) return true;
    return false;
}

/// A request that is acknowledged, with both ends and their segments recorded.
struct Asked {
    TraceBuilder t = trace();
    Session s = session(t);

    Asked() {
        t.info().meta["segments"] = "yes";
        open(t, s, 0);
        const std::uint32_t from = s.client.isn + 1, to = s.server.isn + 1;
        request(s.client, 10, true, from, to);
        request(s.server, 10.1, false, from, to);
        t.as(s.server).at(10.2).packet(true, tcp_flag::ack, to, from + 100);
        t.as(s.client).at(10.3).packet(false, tcp_flag::ack, to, from + 100);
    }
    void request(const End& end, double ms, bool out, std::uint32_t seq, std::uint32_t ack) {
        t.as(end).at(ms).look().payload = 100;
        t.packet(out, tcp_flag::psh | tcp_flag::ack, seq, ack);
    }
};

}  // namespace

TEST_CASE("our own RST is no effect of the one that answers it") {
    auto t = trace();
    Session s = session(t, "edge", "edge");
    client_opens(t, s, 0);
    aborts(t, s.client, 200, "TCP_ABORT_ON_CLOSE", 12);
    t.as(s.client).at(200.4).ttl(55).rst_in();  // from another machine, by its TTL
    const Story story = t.story();
    const auto findings = find_all(story);
    INFO(all_text(findings));
    CHECK_FALSE(tells_effect(findings, "reset-sent"));
    const Finding* sent = of_rule(findings, "reset-sent");
    REQUIRE(sent);
    CHECK_THAT(sent->headline, Contains("12 bytes unread"));
    CHECK(law_breaches(story).empty());
}

TEST_CASE("a silence is no effect of the reset that ends it") {
    Asked asked;
    is_reset(asked.t, asked.s.client, 7000);
    aborts(asked.t, asked.s.server, 6999.8, "TCP_ABORT_ON_CLOSE", 100);
    const Story story = asked.t.story();
    const auto findings = find_all(story);
    INFO(all_text(findings));
    CHECK_FALSE(tells_effect(findings, "server-silent"));
    CHECK(of_rule(findings, "server-silent"));
    CHECK(law_breaches(story).empty());
}

TEST_CASE("what follows from a cause is told with it, once") {
    auto t = trace();
    Session s = session(t);
    listen(t, s);
    open(t, s, 100);
    t.as(s.listener).at(150).state(TcpState::listen, TcpState::close).destroy().process_exit(s.listener.task, 9);
    aborts(t, s.server, 150.1, "TCP_ABORT_ON_CLOSE", 12);
    is_reset(t, s.client, 150.4);
    const Story story = t.story();
    const auto findings = find_all(story);
    INFO(all_text(findings));
    CHECK_FALSE(of_rule(findings, "reset-received"));
    CHECK(law_breaches(story).empty());
}

TEST_CASE("the laws hold for the scenes") {
    const auto scene = GENERATE(range(0, 8));
    auto t = trace();
    Session s = session(t);
    listen(t, s);
    switch (scene) {
        case 0: open(t, s, 10); break;
        case 1:
            client_times_out(t, s, 10);
            half_open_is_reset(t, s, 10);
            break;
        case 2:
            client_times_out(t, s, 10);
            half_open_is_reset(t, s, 10);
            device_resets(t, s, 10);
            break;
        case 3: client_times_out(t, s, 10); break;
        case 4:
            open(t, s, 10);
            closes_first(t, s.client, 100);
            closes_second(t, s.server, 100);
            break;
        case 5:
            open(t, s, 10);
            is_reset(t, s.client, 100);
            break;
        case 6:
            open(t, s, 10);
            is_reset(t, s.client, 60'000, 59'000, 1);
            is_reset(t, s.server, 60'000, 59'000, 1);
            break;
        case 7:
            t.as(s.client).at(10).connect_enter().syn_sent().syn_out().at(12).wiped_close(TcpState::syn_sent).destroy();
            break;
        default: break;
    }
    const Story story = t.story();
    for (const std::string& breach : law_breaches(story)) FAIL_CHECK("scene " << scene << ": " << breach);
}

TEST_CASE("the laws hold for nonsense") {
    for (unsigned seed = 1; seed <= 40; ++seed) {
        TraceInfo info;
        info.witnesses.resize(4);
        Nonsense nonsense(seed);
        std::vector<Event> events;
        for (int i = 0; i < 400; ++i) events.push_back(nonsense.event());
        std::stable_sort(events.begin(), events.end(), [](const Event& a, const Event& b) { return a.time_ns < b.time_ns; });
        for (std::size_t i = 0; i < events.size(); ++i) events[i].id = i + 1;
        const Story story = correlate(info, std::move(events));
        for (const std::string& breach : law_breaches(story)) FAIL_CHECK("seed " << seed << ": " << breach);
    }
}
