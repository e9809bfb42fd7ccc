// What the segments of --segments tell: nagle-delayed-ack, server-silent, the proof of a retransmission-timeout.
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <catch2/catch.hpp>

#include "findings/time_split.h"
#include "support/findings.h"
#include "support/scenes.h"

using namespace tcpwitness;
using Catch::Contains;

namespace {

/// A session whose segments are recorded; sequence numbers count from the handshake.
struct Talk {
    TraceBuilder t = trace();
    Session s = session(t);
    std::uint32_t sent[2] = {};  // bytes of the server, of the client

    Talk() {
        t.info().meta["segments"] = "yes";
        listen(t, s);
        open(t, s, 0);
    }
    /// The segment at both ends, or at one.
    void segment(double ms, bool from_client, std::uint32_t bytes, bool sender_sees = true, bool receiver_sees = true, std::uint8_t flags = tcp_flag::ack) {
        const End &from = from_client ? s.client : s.server, &to = from_client ? s.server : s.client;
        const std::uint32_t seq = from.isn + 1 + sent[from_client], ack = to.isn + 1 + sent[!from_client];
        for (const bool out : {true, false}) {
            if (!(out ? sender_sees : receiver_sees)) continue;
            t.as(out ? from : to).at(ms + (out ? 0 : .05));
            t.look().payload = bytes;
            t.packet(out, flags, seq, ack);
        }
        sent[from_client] += bytes;
    }
    /// Two small writes and an answer; the second waits for the ACK that comes `late` ms later.
    void turn(double ms, double late = 40, std::uint32_t bytes = 4, double released_after = .2) {
        segment(ms, true, bytes);
        segment(ms + late, false, 0);
        segment(ms + late + released_after, true, bytes);
        segment(ms + late + released_after + 1, false, 6);
    }
    /// Where its time went, as both ends tell.
    std::optional<TimeSplit> split() {
        const Story story = t.story(limits);
        for (const Connection& c : story.connections)
            if (c.role == Role::client && story.other_end(c)) return time_split(c, *story.other_end(c));
        return std::nullopt;
    }
    std::vector<Finding> findings() { return find_all(t.story(limits)); }
    Limits limits = Limits::offline();
    void nothing() {
        const auto found = findings();
        INFO(all_text(found));
        CHECK(found.empty());
    }
    Finding only() {
        const auto found = findings();
        INFO(all_text(found));
        REQUIRE(found.size() == 1);
        return found[0];
    }
};

void option(Talk& talk, int value) {
    SocketOption option;
    option.level = IPPROTO_TCP;
    option.option = TCP_NODELAY;
    option.value = value;
    talk.t.as(talk.s.client).at(1).add(option);
}

}  // namespace

TEST_CASE("small writes that wait for a delayed ACK three times are told, with the time lost") {
    Talk talk;
    for (const double ms : {10, 110, 210}) talk.turn(ms);
    const Finding f = talk.only();
    CHECK(f.rule == "nagle-delayed-ack");
    CHECK(f.culprit == Culprit::local_application);
    CHECK(f.certainty == Certainty::likely);
    CHECK_THAT(f.headline, Contains("dialer[100]") && Contains("3 times") && Contains("118 ms lost, 39 ms each time"));
    CHECK_THAT(all_text(f), Contains("whether it had set TCP_NODELAY was not recorded"));
    CHECK_FALSE(f.settle.empty());
    CHECK(f.evidence.size() == 9);
    CHECK(f.connections.size() == 2);
}

TEST_CASE("what was recorded of TCP_NODELAY counts") {
    Talk talk;
    for (const double ms : {10, 110, 210}) talk.turn(ms);
    SECTION("set: the pauses have another cause") {
        option(talk, 1);
        talk.nothing();
    }
    SECTION("switched off") {
        option(talk, 0);
        CHECK_THAT(all_text(talk.only()), Contains("it had switched TCP_NODELAY off"));
    }
    SECTION("not set, and it would have been told") {
        talk.t.info().probes.push_back({"option", "", "attached"});
        CHECK_THAT(all_text(talk.only()), Contains("it did not set TCP_NODELAY"));
    }
}

TEST_CASE("what only looks like small writes that wait is not told") {
    Talk talk;
    SECTION("twice is not enough") {
        for (const double ms : {10, 110}) talk.turn(ms);
    }
    SECTION("an ACK that comes at once") {
        for (const double ms : {10, 110, 210}) talk.turn(ms, 1);
    }
    SECTION("a write that comes later than the ACK") {
        for (const double ms : {10, 110, 210}) talk.turn(ms, 40, 4, 15);
    }
    SECTION("segments that are full") {
        for (const double ms : {10, 110, 210}) talk.turn(ms, 40, 1448);
    }
    SECTION("segments that were not recorded") {
        for (const double ms : {10, 110, 210}) talk.turn(ms);
        talk.t.info().meta.clear();
    }
    talk.nothing();
}

TEST_CASE("the receiver alone knows who writes in small pieces too") {
    Talk talk;
    auto alone = trace();
    alone.info().meta["segments"] = "yes";
    talk.s.server.witness = talk.s.listener.witness = alone.witness("fe");
    listen(alone, talk.s);
    server_opens(alone, talk.s, 0);
    talk.t = alone;
    for (const double ms : {10, 110, 210}) {
        talk.segment(ms, true, 4, false, true);
        talk.segment(ms + 40, false, 0, true, false);
        talk.segment(ms + 40.2, true, 4, false, true);
        talk.segment(ms + 41, false, 6, true, false);
    }
    const Finding f = talk.only();
    CHECK(f.rule == "nagle-delayed-ack");
    CHECK(f.culprit == Culprit::peer_application);
    CHECK_THAT(f.headline, Contains("10.0.1.2:40000 writes to server[50]"));
}

TEST_CASE("a request that is acknowledged and not answered for 5 s is told") {
    Talk talk;
    talk.segment(10, true, 100);
    talk.segment(10.2, false, 0);
    SECTION("then the answer comes") {
        talk.segment(6000, false, 20);
        const Finding f = talk.only();
        CHECK(f.rule == "server-silent");
        CHECK(f.culprit == Culprit::peer_application);
        CHECK(f.certainty == Certainty::proven);
        CHECK_THAT(f.headline, Contains("10.0.2.2:5061 acknowledged a request of 100 bytes") && Contains("6.0 s") && Contains("then the answer came"));
        CHECK_THAT(all_text(f), Contains("server[50] holds the connection"));
        CHECK(f.settle.empty());
    }
    SECTION("then the client gives up") {
        talk.segment(7000, true, 0, true, true, tcp_flag::fin | tcp_flag::ack);
        CHECK_THAT(talk.only().headline, Contains("then the client gave up"));
    }
    SECTION("then the server closes") {
        talk.segment(7000, false, 0, true, true, tcp_flag::fin | tcp_flag::ack);
        CHECK_THAT(talk.only().headline, Contains("then the server closed the connection without one"));
    }
    SECTION("then the recording ends") {
        talk.t.at(8000).gap(7999, 7999, 0);
        CHECK_THAT(talk.only().headline, Contains("none had come when the recording ended"));
    }
    SECTION("the answer left the server at once and was held up") {
        talk.segment(20, false, 20, true, false);
        talk.sent[0] -= 20;
        talk.segment(6000, false, 20, false, true);
        const Finding f = talk.only();
        CHECK(f.culprit == Culprit::path);
        CHECK(f.certainty == Certainty::likely);
    }
}

TEST_CASE("a server that was not asked, that takes its time or only takes data is not silent") {
    Talk talk;
    talk.segment(10, true, 100);
    SECTION("an answer after 2 s") {
        talk.segment(10.2, false, 0);
        talk.segment(2010, false, 20);
        talk.t.at(20'000).gap(19'999, 19'999, 0);
    }
    SECTION("the client closes its half and has its answer in time") {
        talk.segment(10.2, false, 0);
        talk.segment(11, true, 0, true, true, tcp_flag::fin | tcp_flag::ack);
        talk.segment(4000, false, 20);
    }
    SECTION("a request that nobody acknowledged is another matter") { talk.t.at(20'000).gap(19'999, 19'999, 0); }
    SECTION("a client that pushes again and again waits for nothing") {
        talk.segment(10.2, false, 0);
        for (const double ms : {6000, 12'000}) {
            talk.segment(ms, true, 100);
            talk.segment(ms + .2, false, 0);
        }
        talk.segment(18'000, true, 0, true, true, tcp_flag::fin | tcp_flag::ack);
    }
    talk.nothing();
}

TEST_CASE("answers that were not kept are not missed") {
    Talk talk;
    talk.limits.max_events_per_connection = static_cast<std::size_t>(GENERATE(range(48, 80)));
    for (int i = 0; i < 100; ++i) {
        talk.segment(100.0 * i, true, 10);
        talk.segment(100.0 * i + 1, false, 0);
        talk.segment(100.0 * i + 90, false, 20);
    }
    talk.nothing();
}

TEST_CASE("one witness: likely where the service is known to answer, possible where it is not") {
    const bool answered_before = GENERATE(true, false);
    Talk talk;
    auto alone = trace();
    alone.info().meta["segments"] = "yes";
    talk.s.client.witness = alone.witness("edge");
    client_opens(alone, talk.s, 0);
    talk.t = alone;
    const auto seen = [&](double ms, bool out, std::uint32_t bytes) { talk.segment(ms, out, bytes, out, !out); };
    if (answered_before) {
        seen(5, true, 10);
        seen(6, false, 10);
    }
    seen(10, true, 100);
    seen(11, false, 0);
    talk.segment(8000, true, 0, true, false, tcp_flag::fin | tcp_flag::ack);
    const Finding f = talk.only();
    CHECK(f.certainty == (answered_before ? Certainty::likely : Certainty::possible));
    CHECK_THAT(f.settle, Contains("record on 10.0.2.2"));
}

TEST_CASE("the segments of both ends prove where unacknowledged data was lost") {
    Talk talk;
    const std::uint32_t end = talk.s.client.isn + 1 + 100;
    const auto try_again = [&](double ms, bool arrives) {
        talk.segment(ms, true, 100, true, arrives);
        talk.sent[1] -= 100;
    };
    const auto ack = [&](double ms, bool leaves, bool comes) {
        if (leaves) talk.t.as(talk.s.server).at(ms).packet(true, tcp_flag::ack, talk.s.server.isn + 1, end);
        if (comes) talk.t.as(talk.s.client).at(ms + .1).packet(false, tcp_flag::ack, talk.s.server.isn + 1, end);
    };
    bool arrives = false, leaves = false, comes = false;
    const char* words = "never arrived at fe: lost on the way there";
    Culprit culprit = Culprit::path;
    Certainty certainty = Certainty::proven;
    SECTION("on the way there") {}
    SECTION("at the peer") {
        arrives = true;
        words = "which never acknowledged it";
        culprit = Culprit::local_kernel;  // both ends are on one host
    }
    SECTION("on the way back") {
        arrives = leaves = true;
        words = "never came back to edge: lost on the way back";
    }
    SECTION("here") {
        arrives = leaves = comes = true;
        words = "whose TCP did not take them";
        culprit = Culprit::local_firewall;
        certainty = Certainty::likely;
    }
    try_again(10, arrives);
    for (std::uint8_t round = 1; round <= 3; ++round) {
        talk.t.as(talk.s.client).at(200.0 * round).rto(round);
        try_again(200.0 * round, arrives);
        ack(200.0 * round + .5, leaves, comes);
    }
    talk.t.as(talk.s.client).at(2000).error(ETIMEDOUT).wiped_close(TcpState::established).destroy();
    const Finding f = talk.only();
    CHECK(f.rule == "retransmission-timeout");
    CHECK(f.culprit == culprit);
    CHECK(f.certainty == certainty);
    CHECK_THAT(all_text(f), Contains(words));
}

TEST_CASE("where the time of a session went: the client, the path, the server") {
    Talk talk;
    SECTION("nothing was asked") { CHECK_FALSE(talk.split()); }
    SECTION("requests and answers, one of them slow to come") {
        talk.segment(100, true, 20);
        talk.segment(100.2, false, 0);
        talk.segment(400, false, 3'000);  // 299.95 ms at the server, .1 on the path
        talk.segment(1'000, true, 5);     // 599.95 ms after the answer had come
        talk.segment(1'001, false, 7);
        const auto split = talk.split();
        REQUIRE(split);
        CHECK(split->exchanges == 2);
        CHECK(split->server_ns == 299'950'000 + 950'000);
        CHECK(split->path_ns == 200'000);
        CHECK(split->client_ns == 599'950'000);
        CHECK(split->longest_ns == 300'050'000);
        CHECK(split->longest_server_ns == 299'950'000);
        CHECK(split->longest_path_ns == 100'000);
    }
    SECTION("what had to be sent again is the path's") {
        talk.segment(100, true, 20, true, false);
        talk.sent[1] -= 20;
        talk.segment(300, true, 20);
        talk.segment(301, false, 10, true, false);
        talk.sent[0] -= 10;
        talk.segment(501, false, 10);
        const auto split = talk.split();
        REQUIRE(split);
        CHECK(split->exchanges == 1);
        CHECK(split->server_ns == 950'000);
        CHECK(split->path_ns == 400'100'000);
    }
    SECTION("a request in several segments waits from its last one; an answer that does not belong to one is none") {
        talk.segment(90, false, 30);
        talk.segment(100, true, 20);
        talk.segment(150, true, 20);
        talk.segment(151, false, 1);
        const auto split = talk.split();
        REQUIRE(split);
        CHECK(split->exchanges == 1);
        CHECK(split->longest_ns == 1'050'000);
    }
    SECTION("one end holds nothing of it") {
        talk.segment(100, true, 20, true, false);
        talk.segment(101, false, 20, false, true);
        CHECK_FALSE(talk.split());
    }
}
