#include "case/message_log.h"

#include <catch2/catch.hpp>

using namespace tcpwitness;

namespace {

constexpr std::uint64_t second = 1'000'000'000, wall = 1'700'000'000 * second;

Event at(std::uint64_t time_ns, EventBody body) {
    Event event;
    event.time_ns = time_ns;
    event.witness = 3;
    event.body = std::move(body);
    return event;
}

Exhibit log_of(const std::vector<std::uint64_t>& wall_ns, std::uint16_t port = 5061) {
    Exhibit log;
    log.log = true;
    for (const std::uint64_t time : wall_ns) {
        log.events.push_back(at(time, Message{}));
        log.events.back().flow.peer.port = port;
    }
    return log;
}

Exhibit trace_of(const std::vector<std::uint64_t>& boot_ns, std::uint16_t port = 5061) {
    Exhibit trace;
    trace.info.boot_to_wall_ns = wall;
    for (const std::uint64_t time : boot_ns) {
        trace.events.push_back(at(time, StateChange{}));
        trace.events.back().flow.peer.port = port;
    }
    return trace;
}

/// 'm' for each message, 's' for what else there is.
std::string order_in(const Exhibit& exhibit) {
    std::string order;
    for (const Event& event : exhibit.events) {
        order += event.as<Message>() ? 'm' : 's';
        CHECK(event.id == order.size());
        CHECK(event.witness == (event.as<Message>() ? 0 : 3));
    }
    return order;
}

}  // namespace

TEST_CASE("messages of a log stand among a trace's events, on its clock") {
    std::vector<Exhibit> both = {trace_of({100 * second, 110 * second}),
                                 log_of({5, wall + 97 * second, wall + 99 * second, wall + 105 * second, wall + 111 * second, wall + 113 * second})};
    place_logs(both);
    REQUIRE(both.size() == 1);
    CHECK(order_in(both[0]) == "msmsm");
    CHECK(both[0].events[2].time_ns == 105 * second);
}

TEST_CASE("a log goes to the exhibit that knows its messages' peers") {
    std::vector<Exhibit> all = {log_of({wall + 2 * second}, 5061), trace_of({second, 3 * second}, 443), trace_of({second, 3 * second}, 5061)};
    place_logs(all);
    REQUIRE(all.size() == 2);
    CHECK(all[0].events.size() == 2);
    CHECK(order_in(all[1]) == "sms");
}

TEST_CASE("a log of another day stands for itself; so does a log alone") {
    std::vector<Exhibit> both = {trace_of({second}), log_of({wall + 86'400 * second})};
    place_logs(both);
    REQUIRE(both.size() == 2);
    CHECK(both[0].events.size() == 1);
    CHECK(both[1].events.size() == 1);
    CHECK_FALSE(both[1].info.meta.contains("log.fits_shifted_hours"));
    std::vector<Exhibit> alone = {log_of({wall})};
    place_logs(alone);
    REQUIRE(alone.size() == 1);
    CHECK(alone[0].events.size() == 1);
}

TEST_CASE("a log whose clock is hours off is not placed, and the shift that would place it is proposed") {
    for (const int hours : {-2, 5}) {
        std::vector<Exhibit> both = {trace_of({100'000 * second, 100'010 * second}), log_of({wall + static_cast<std::uint64_t>(100'003 + hours * 3600) * second, wall + static_cast<std::uint64_t>(100'004 + hours * 3600) * second})};
        place_logs(both);
        REQUIRE(both.size() == 2);
        CHECK(both[1].info.meta.at("log.fits_shifted_hours") == std::to_string(-hours));
    }
}

TEST_CASE("messages of a log that lie outside the recording's time are counted") {
    std::vector<Exhibit> both = {trace_of({100 * second, 110 * second}), log_of({wall + 105 * second, wall + 3000 * second})};
    place_logs(both);
    REQUIRE(both.size() == 1);
    CHECK(both[0].info.meta.at("log.messages_outside") == "1");
}
