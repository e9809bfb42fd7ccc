// A live story grows without end unless it forgets.
#include <catch2/catch.hpp>

#include "support/scenes.h"

using namespace tcpwitness;

TEST_CASE("connections that ended long ago are forgotten, and the others keep their ids") {
    auto t = trace();
    Session lasting = session(t, "edge", "fe", 19999);
    listen(t, lasting);
    open(t, lasting, 1);
    for (int i = 0; i < 100; ++i) {
        Session s = session(t, "edge", "fe", 20000 + i);
        s.listener = lasting.listener;
        open(t, s, 10 + i * 100);
        closes_first(t, s.client, 15 + i * 100);
        closes_second(t, s.server, 15 + i * 100);
    }
    Correlator correlator(t.info());
    const std::vector<Event> events = t.events();
    for (const Event& event : events) correlator.add(event);
    const std::size_t before = correlator.story().connections.size();
    CHECK(before == 203);
    CHECK(correlator.story().conversations.size() == 101);
    const std::size_t forgotten = correlator.forget_ended_before(events.front().time_ns + 5'000'000'000);
    const Story& story = correlator.story();
    CHECK(forgotten == 100);
    CHECK(story.connections.size() == before - forgotten);
    for (const Connection& c : story.connections) {
        CHECK(story.connection(c.id) == &c);
        if (c.conversation) CHECK(story.other_end(c));
    }
    CHECK(story.connection(1)->is_listener());
    CHECK(story.connection(10) == nullptr);
    // What comes next finds its way: to what was kept, and to new connections on a tuple that was forgotten.
    Session again = session(t, "edge", "fe", 20000);
    again.listener = lasting.listener;
    auto more = trace();
    more.at(20'000).as(lasting.client).fin_out();
    open(more, again, 20'001);
    for (const Event& event : more.events()) correlator.add(event);
    CHECK(correlator.story().connections.size() == before - forgotten + 2);
    CHECK(correlator.story().connections.back().conversation != 0);
}

TEST_CASE("sessions that both ends closed in good order can be forgotten before those in trouble") {
    auto t = trace();
    Session clean = session(t, "edge", "fe", 20000), reset = session(t, "edge", "fe", 20001), lasting = session(t, "edge", "fe", 20002);
    for (const Session& s : {clean, reset, lasting}) open(t, s, 10);
    closes_first(t, clean.client, 100);
    closes_second(t, clean.server, 100);
    aborts(t, reset.client, 100, "TCP_ABORT_ON_CLOSE", 10);
    is_reset(t, reset.server, 100.5);
    Correlator correlator(t.info());
    const std::vector<Event> events = t.events();
    for (const Event& event : events) correlator.add(event);
    CHECK(correlator.forget_ended_before(0, events.front().time_ns + 90'000'000) == 0);
    CHECK(correlator.forget_ended_before(0, events.back().time_ns + 1) == 2);
    CHECK(correlator.story().conversations.size() == 2);
    correlator.compact(events.back().time_ns + 1);
    for (const Connection& c : correlator.story().connections) CHECK(c.events.capacity() == c.events.size());
    CHECK(correlator.forget_ended_before(events.back().time_ns + 1) == 2);
    CHECK(correlator.forgotten() == 4);
}

TEST_CASE("those in trouble are the last that make room") {
    auto t = trace();
    Session reset = session(t, "edge", "edge", 19999);
    client_opens(t, reset, 0);
    aborts(t, reset.client, 1, "TCP_ABORT_ON_CLOSE", 10);
    for (int i = 0; i < 1000; ++i) {
        Session s = session(t, "edge", "edge", 20000 + i);
        client_opens(t, s, 10 + i * 10);
        closes_first(t, s.client, 15 + i * 10);
    }
    Limits limits;
    limits.max_connections = 100;
    const Story story = t.story(limits);
    CHECK(story.connections.size() <= 100);
    CHECK(story.connection(1));
}

TEST_CASE("the number of connections stays bounded, and live ones are kept") {
    auto t = trace();
    for (int i = 0; i < 1000; ++i) {
        Session s = session(t, "edge", "edge", 20000 + i);
        client_opens(t, s, i * 10);
        if (i % 2) closes_first(t, s.client, i * 10 + 5);
    }
    Limits limits;
    limits.max_connections = 600;
    const Story story = t.story(limits);
    CHECK(story.connections.size() <= 600);
    std::size_t live = 0;
    for (const Connection& c : story.connections) live += c.live();
    CHECK(live == 500);
}

TEST_CASE("more live connections than may be held are refused and counted") {
    auto t = trace();
    for (int i = 0; i < 100; ++i) {
        Session s = session(t, "edge", "edge", 20000 + i);
        client_opens(t, s, i * 10);
    }
    Limits limits;
    limits.max_connections = 60;
    Correlator correlator(t.info(), limits);
    for (const Event& event : t.events()) correlator.add(event);
    CHECK(correlator.finish().connections.size() == 60);
    CHECK(correlator.events_refused() > 0);
}

TEST_CASE("packets of no connection stay bounded") {
    auto t = trace();
    End stranger = t.end("fe", "10.0.2.2:5061", "192.0.2.1:1");
    for (int i = 0; i < 5000; ++i) {
        stranger.flow.peer.port = static_cast<std::uint16_t>(1 + i);
        t.as(stranger).at(i).rst_in();
    }
    Limits limits;
    limits.max_unmatched = 1000;
    const Story story = t.story(limits);
    CHECK(story.connections.empty());
    CHECK(story.unmatched.size() <= 1000);
    CHECK(story.unmatched_packets(stranger.flow).size() == 1);
}
