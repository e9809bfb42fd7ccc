// What a trace and a capture of one host do not have in common.
#include <catch2/catch.hpp>

#include "case/case_story.h"
#include "support/capture_script.h"
#include "support/events.h"

using namespace tcpwitness;

namespace {

constexpr std::uint16_t ip_id = 4711;  // of every packet that the trace holds
/// The capture's clock shows the trace's beginning so many ms after its own.
constexpr double shift_ms = 1'000'000;

struct OneHost {
    TraceBuilder traced;
    test::CaptureScript captured;
    End edge;

    OneHost() {
        edge = traced.end("edge", "10.0.0.1:40000", "192.0.2.9:443", task(100, "dialer"));
        edge.isn = test::client_isn;
        edge.peer_isn = test::server_isn;
        traced.as(edge).at(1000).connect_enter().syn_sent().syn_out();
        traced.at(1010).syn_ack_in().state(TcpState::syn_sent, TcpState::established);
        client(1000, {.seq = 0, .ack = 0, .flags = tcp_flag::syn, .ip_id = ip_id});
        server(1010, {.seq = 0, .flags = tcp_flag::syn | tcp_flag::ack, .ip_id = ip_id});
        client(1010.1, {});
    }
    void client(double at_ms, test::Sent sent) {
        sent.at_ms = shift_ms + at_ms;
        captured.client(sent);
    }
    void server(double at_ms, test::Sent sent) {
        sent.at_ms = shift_ms + at_ms;
        captured.server(sent);
    }
    Story story(double capture_end_ms = 9000) {
        std::vector<Exhibit> exhibits(2);
        exhibits[0].info = traced.info();
        exhibits[0].info.ended_ns = traced.now() + 1'000'000;
        exhibits[0].info.file = "edge.pcapng";
        exhibits[0].events = traced.events();
        exhibits[1] = exhibit_of(captured.until(shift_ms + capture_end_ms).finish());
        exhibits[1].info.file = "edge.pcap";
        Story story = story_of(std::move(exhibits));
        REQUIRE(story.witnesses.size() == 1);
        REQUIRE(story.recordings[1].overlap);
        return story;
    }
};

const Connection& only(const Story& story) {
    REQUIRE(story.connections.size() == 1);
    return story.connections.front();
}

std::vector<std::pair<OnWire, std::uint64_t>> missing(const Connection& c) {
    std::vector<std::pair<OnWire, std::uint64_t>> all;
    REQUIRE(c.capture_match);
    for (const auto& one : c.capture_match->missing) all.emplace_back(one.what, one.count);
    return all;
}

}  // namespace

TEST_CASE("a capture that has the packet of every socket event leaves nothing to say") {
    OneHost host;
    host.traced.at(2000).rto(1);
    host.client(2000, {.len = 10, .flags = tcp_flag::ack});
    host.traced.at(3000).reset_received().state(TcpState::established, TcpState::close);
    host.server(3000, {.flags = tcp_flag::rst});
    const Story story = host.story();
    CHECK_FALSE(only(story).capture_match);
    CHECK(story.recordings[1].overlap->events_without_packet == 0);
    CHECK(story.recordings[1].overlap->without_socket == 0);
}

TEST_CASE("socket events are named whose packets the capture lacks") {
    OneHost host;
    host.traced.at(2000).rto(1).at(2400).rto(2);
    host.traced.at(3000).reset_received().state(TcpState::established, TcpState::close);
    const Story story = host.story();
    CHECK(missing(only(story)) == std::vector<std::pair<OnWire, std::uint64_t>>{{OnWire::sent_again, 2}, {OnWire::reset_received, 1}});
    CHECK(only(story).capture_match->packets == 3);
    CHECK(story.recordings[1].overlap->events_without_packet == 3);
    std::uint64_t first = 0;
    for (const Event& event : only(story).events)
        if (event.as<Retransmit>() && !first) first = event.id;
    CHECK(only(story).capture_match->missing.front().event == first);
}

TEST_CASE("a packet of another sequence number or of another time is not the one that a socket event had") {
    OneHost host;
    host.traced.at(2000).rto(1);
    host.client(1900, {.len = 10});
    host.client(2001, {.seq = 11, .len = 10});
    CHECK(missing(only(host.story())).size() == 1);
}

TEST_CASE("nothing is missing from a capture that had ended, or of what the kernel dropped before the device") {
    OneHost ended;
    ended.traced.at(6000).rto(1);
    CHECK_FALSE(only(ended.story(5000)).capture_match);
    OneHost dropped;
    Drop drop;
    drop.outgoing = true;
    drop.reason = "NETFILTER_DROP";
    dropped.traced.at(2000).rto(1).at(2000.1).add(drop);
    CHECK_FALSE(only(dropped.story()).capture_match);
}

TEST_CASE("a FIN may have come any time before the state that it led to, and an own one is expected once it was acknowledged") {
    OneHost host;
    host.server(1500, {.flags = tcp_flag::fin | tcp_flag::ack});
    host.traced.at(1900).state(TcpState::established, TcpState::close_wait).at(2000).state(TcpState::close_wait, TcpState::last_ack);
    CHECK_FALSE(only(host.story()).capture_match);
    OneHost acknowledged;
    acknowledged.server(1900, {.flags = tcp_flag::fin | tcp_flag::ack});
    acknowledged.traced.at(1900).state(TcpState::established, TcpState::close_wait).at(2000).state(TcpState::close_wait, TcpState::last_ack);
    acknowledged.traced.at(2010).state(TcpState::last_ack, TcpState::close);
    CHECK(missing(only(acknowledged.story())).front().first == OnWire::fin_sent);
}

TEST_CASE("packets that came after the socket was gone had none, as long as the trace was made") {
    OneHost host;
    host.traced.at(2000).error(ETIMEDOUT).state(TcpState::established, TcpState::close);
    host.server(2020, {.len = 10});  // too near to tell
    host.server(3000, {.len = 10});
    host.traced.at(4000).as(host.traced.end("edge", "10.0.0.1:1", "10.0.0.2:2")).state(TcpState::close, TcpState::syn_sent);
    host.server(7000, {.len = 10});  // nobody traced any more
    const Story story = host.story();
    const Connection& c = story.connections.front();
    REQUIRE(c.capture_match);
    CHECK(c.capture_match->without_socket == 1);
    CHECK(c.capture_match->frames == std::vector<std::uint64_t>{5});
    CHECK(story.recordings[1].overlap->without_socket == 1);
}

TEST_CASE("a socket in TIME_WAIT may have taken what came late") {
    OneHost host;
    host.client(1900, {.flags = tcp_flag::fin | tcp_flag::ack});
    host.traced.at(1900).state(TcpState::established, TcpState::fin_wait1).at(2000).state(TcpState::fin_wait1, TcpState::fin_wait2).state(TcpState::fin_wait2, TcpState::close);
    host.server(3000, {.ack = 2, .flags = tcp_flag::fin | tcp_flag::ack});
    host.traced.at(4000).destroy();
    CHECK_FALSE(only(host.story()).capture_match);
}

TEST_CASE("a session whose socket the trace never knew has no socket") {
    OneHost host;
    host.captured.port(40'001).isn(5'000'000);
    host.client(1200, {.seq = 0, .ack = 0, .flags = tcp_flag::syn});
    host.server(1210, {.seq = 0, .flags = tcp_flag::syn | tcp_flag::ack});
    host.client(1210.1, {});
    host.traced.at(4000).destroy();
    const Story story = host.story();
    REQUIRE(story.connections.size() == 2);
    const Connection& other = story.connections[story.connections[0].flow.local.port == 40'000];
    REQUIRE(other.capture_match);
    CHECK(other.capture_match->without_socket == 3);
    CHECK(other.capture_match->frames == std::vector<std::uint64_t>{4, 5, 6});
    CHECK(story.recordings[1].overlap->sessions_without_socket == 1);
}

TEST_CASE("packets that the trace holds too but knows no socket for are one event, of the capture's session") {
    OneHost host;
    host.captured.port(40'001).isn(5'000'000);
    host.client(1200, {.seq = 0, .ack = 0, .flags = tcp_flag::syn, .ip_id = ip_id});
    host.server(1210, {.seq = 0, .flags = tcp_flag::syn | tcp_flag::ack});
    End other = host.traced.end("edge", "10.0.0.1:40001", "192.0.2.9:443");
    other.isn = 5'000'000;
    host.traced.as(other).at(1200).syn_out();
    host.traced.as(host.edge).at(4000).destroy();
    const Story story = host.story();
    CHECK(story.connections.size() == 2);
    CHECK(story.unmatched.empty());
    CHECK(story.recordings[1].overlap->packets == 3);
    CHECK(story.recordings[1].overlap->only_traced == 0);
    CHECK(story.recordings[1].overlap->without_socket == 2);
}

TEST_CASE("a connection that a capture filter kept out is one that the capture holds nothing of") {
    OneHost host;
    const End other = host.traced.end("edge", "10.0.0.1:41000", "192.0.2.9:80", task(100, "dialer"));
    host.traced.as(other).at(1500).connect_enter().syn_sent().syn_out().at(1510).syn_ack_in().state(TcpState::syn_sent, TcpState::established);
    const Story story = host.story();
    const Connection& kept_out = story.connections.back();
    CHECK(kept_out.capture_match->packets == 0);
    CHECK(missing(kept_out) == std::vector<std::pair<OnWire, std::uint64_t>>{{OnWire::syn_sent, 1}, {OnWire::syn_ack_received, 1}});
}

TEST_CASE("a capture's packets do not make the trace beside it longer") {
    OneHost host;
    host.server(8000, {.len = 10});
    const Story story = host.story();
    CHECK(story.recordings[0].end_ns < story.recordings[1].end_ns);
}
