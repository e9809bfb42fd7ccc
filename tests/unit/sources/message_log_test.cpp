#include "sources/message_log.h"

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

}  // namespace

TEST_CASE("messages of a log stand among a trace's events, on its clock") {
    Trace trace, log;
    trace.info.boot_to_wall_ns = wall;
    for (const std::uint64_t time : {100, 110}) trace.events.push_back(at(time * second, StateChange{}));
    for (const std::uint64_t time : {97, 99, 105, 111, 113}) log.events.push_back(at(wall + time * second, Message{}));
    log.events.push_back(at(5, Message{}));  // before the host's clocks began
    add_messages(trace, log);
    std::string order;
    for (const Event& event : trace.events) {
        order += event.as<Message>() ? 'm' : 's';
        CHECK(event.id == order.size());
        CHECK(event.witness == (event.as<Message>() ? 0 : 3));
    }
    CHECK(order == "msmsm");
    CHECK(trace.events[2].time_ns == 105 * second);
}

TEST_CASE("a log of another day changes nothing") {
    Trace trace, log;
    trace.info.boot_to_wall_ns = wall;
    trace.events.push_back(at(second, StateChange{}));
    log.events.push_back(at(wall + 86'400 * second, Message{}));
    add_messages(trace, log);
    CHECK(trace.events.size() == 1);
    Trace empty;
    add_messages(empty, log);
    CHECK(empty.events.empty());
}
