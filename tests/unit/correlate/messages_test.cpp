#include <catch2/catch.hpp>

#include "support/scenes.h"

using namespace tcpwitness;

namespace {

Message said(const char* start_line) {
    Message message;
    message.protocol = "SIP";
    message.start_line = start_line;
    return message;
}

/// A log's line: no socket, and of the flow what the log tells.
End log_of(TraceBuilder& t, const char* where, const char* local, const char* peer) {
    End log = t.end(where, local, peer);
    log.cookie = log.socket_id = 0;
    return log;
}

std::size_t messages(const Connection& c) {
    return static_cast<std::size_t>(std::count_if(c.events.begin(), c.events.end(), [](const Event& event) { return event.as<Message>(); }));
}

}  // namespace

TEST_CASE("a message stands on the socket it travelled on, in its place in time") {
    auto t = trace();
    const Session s = session(t);
    open(t, s, 10);
    t.as(log_of(t, "edge", "10.0.1.2:40000", "10.0.2.2:5061")).at(20).add(said("INVITE sip:bob@example.com SIP/2.0"));
    closes_first(t, s.client, 30);
    closes_second(t, s.server, 30);
    const Story story = t.story();
    const Connection* client = nullptr;
    for (const Connection& c : story.connections)
        if (c.cookie == s.client.cookie) client = &c;
    REQUIRE(client);
    REQUIRE(messages(*client) == 1);
    CHECK(std::is_sorted(client->events.begin(), client->events.end(), [](const Event& a, const Event& b) { return a.time_ns < b.time_ns; }));
    CHECK(client->events.back().as<Destroy>());
    CHECK(story.unmatched.empty());
}

TEST_CASE("a log of the same host knows the peer only, and is a file of its own") {
    auto t = trace();
    const End edge = t.end("edge", "10.0.1.2:40000", "10.0.2.2:5061", task(100, "dialer"));
    t.as(log_of(t, "log", "*:0", "10.0.2.2:5061")).at(0).add(said("OPTIONS sip:fe SIP/2.0"));
    t.as(edge).at(.5).connect_enter().syn_sent().syn_out();
    t.at(7000).error(ETIMEDOUT).wiped_close(TcpState::syn_sent).connect_exit(-ETIMEDOUT);
    t.as(log_of(t, "log", "*:0", "10.0.2.2:5061")).at(7001).add(said("SIP/2.0 504 Server time-out"));
    const Story story = t.story();
    REQUIRE(story.connections.size() == 1);
    CHECK(messages(story.connections[0]) == 2);
    CHECK(story.connections[0].events.front().as<Message>());
    CHECK(story.connections[0].events.back().witness == edge.witness);
    CHECK(story.connections[0].ending == Ending::connect_timeout);
}

TEST_CASE("of two sessions with one peer, the message belongs to the one that was there") {
    auto t = trace();
    const End first = t.end("edge", "10.0.1.2:40000", "10.0.2.2:5061", task(100, "dialer"));
    const End second = t.end("edge", "10.0.1.2:40001", "10.0.2.2:5061", task(100, "dialer"));
    t.as(first).at(0).connect_enter().syn_sent().syn_out().at(3000).error(ETIMEDOUT).wiped_close(TcpState::syn_sent);
    t.as(second).at(10'000).connect_enter().syn_sent().syn_out();
    t.as(log_of(t, "edge", "*:0", "10.0.2.2:5061")).at(10'500).add(said("SIP/2.0 200 OK"));
    const Story story = t.story();
    REQUIRE(story.connections.size() == 2);
    CHECK(messages(story.connections[0]) == 0);
    CHECK(messages(story.connections[1]) == 1);
}

TEST_CASE("a peer known by name is found by its port where one host only has it") {
    auto t = trace();
    const End fe = t.end("edge", "10.0.1.2:40000", "10.0.2.2:5061", task(100, "dialer"));
    t.as(fe).at(0).connect_enter().syn_sent().syn_out();
    t.as(log_of(t, "edge", "*:0", "*:5061")).at(100).add(said("SIP/2.0 200 OK"));
    SECTION("one") {
        const Story story = t.story();
        CHECK(messages(story.connections[0]) == 1);
    }
    SECTION("several") {
        const End other = t.end("edge", "10.0.1.2:40001", "10.0.3.3:5061", task(100, "dialer"));
        t.as(other).at(200).connect_enter().syn_sent().syn_out();
        const Story story = t.story();
        CHECK(messages(story.connections[0]) + messages(story.connections[1]) == 0);
        REQUIRE(story.unmatched.size() == 1);
        CHECK(story.unmatched[0].as<Message>());
    }
}

TEST_CASE("a message of a peer that nobody was connected to stays without connection") {
    auto t = trace();
    const End edge = t.end("edge", "10.0.1.2:40000", "10.0.2.2:5061", task(100, "dialer"));
    t.as(edge).at(0).connect_enter().syn_sent().syn_out();
    t.as(log_of(t, "edge", "*:0", "10.0.2.2:5060")).at(100).add(said("SIP/2.0 200 OK"));
    t.as(log_of(t, "edge", "10.0.1.2:40009", "10.0.2.2:5061")).at(100).add(said("SIP/2.0 200 OK"));
    const Story story = t.story();
    CHECK(messages(story.connections[0]) == 0);
    CHECK(story.unmatched.size() == 2);
}
