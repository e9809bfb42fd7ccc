// connect-timeout, connect-refused, handshake-incomplete, reset-forged.
#include <catch2/catch.hpp>

#include "support/judged.h"
#include "support/scenes.h"

using namespace tcpwitness;
using Catch::Contains;

namespace {

void client_is_refused(TraceBuilder& t, const Session& s, double ms, std::uint8_t ttl = 64) {
    t.as(s.client).at(ms).connect_enter().syn_sent().syn_out().timer_armed(1000);
    t.at(ms + .3).ttl(ttl).rst_in().reset_received().error(ECONNREFUSED).wiped_close(TcpState::syn_sent).connect_exit(-ECONNREFUSED).destroy();
}

}  // namespace

TEST_CASE("the forged RST, seen by everyone, is one finding") {
    auto t = trace();
    Session s = session(t);
    t.witness("mid");
    listen(t, s);
    client_times_out(t, s, 100);
    half_open_is_reset(t, s, 100);
    device_resets(t, s, 100);
    const Story story = t.story();
    CHECK(story.conversations.size() == 1);
    CHECK(story.connections.size() == 3);
    const Finding f = only(story);
    INFO(all_text(f));
    CHECK(f.rule == "reset-forged");
    CHECK(f.culprit == Culprit::path);
    CHECK(f.certainty == Certainty::proven);
    CHECK(f.settle.empty());
    CHECK_THAT(f.headline, Contains("fe got 3 RSTs that edge never sent"));
    CHECK_THAT(f.headline, Contains("edge's connect() to 10.0.2.2:5061"));
    CHECK_THAT(f.headline, Contains("timed out after 7.1 s"));
    CHECK_THAT(all_text(f), Contains("first seen leaving mid on eth-fe"));
    CHECK_THAT(all_text(f), Contains("never left it"));
    CHECK_THAT(all_text(f), Contains("TTL 64"));
    CHECK(f.evidence.size() > 8);
}

TEST_CASE("the forged RST, seen by the client alone, is a possible fault of the path") {
    auto t = trace();
    Session s = session(t);
    auto alone = trace();
    alone.witness("edge");
    client_times_out(alone, s, 100);
    const Finding f = only(alone.story());
    CHECK(f.rule == "connect-timeout");
    CHECK(f.culprit == Culprit::path);
    CHECK(f.certainty == Certainty::possible);
    CHECK_THAT(f.settle, Contains("record on 10.0.2.2 at the same time"));
    CHECK_THAT(f.headline, Contains("3 SYNs were sent"));
    CHECK_THAT(all_text(f), Contains(" and 2.0 s"));
}

TEST_CASE("the forged RST, seen by the server alone, is likely by its marks") {
    auto t = trace();
    Session s = session(t);
    auto alone = trace();
    s.listener.witness = s.server.witness = alone.witness("fe");
    listen(alone, s);
    half_open_is_reset(alone, s, 100);
    const Finding f = only(alone.story());
    CHECK(f.rule == "reset-forged");
    CHECK(f.culprit == Culprit::path);
    CHECK(f.certainty == Certainty::likely);
    CHECK_THAT(all_text(f), Contains("TTL 64, the SYN of that address with TTL 63"));
    CHECK_THAT(all_text(f), Contains("IP id 0"));
    CHECK_THAT(f.settle, Contains("record on 10.0.1.2"));
}

TEST_CASE("a RST that looks like the client's own SYN is not called forged") {
    auto t = trace();
    Session s = session(t, "fe", "fe");
    auto alone = trace();
    s.listener.witness = s.server.witness = alone.witness("fe");
    listen(alone, s);
    alone.as(s.server).at(100).ttl(63).syn_in().syn_ack_out().at(101).ttl(63).rst_in();
    const Finding f = only(alone.story());
    CHECK(f.rule == "unexplained");
    CHECK(f.culprit == Culprit::unknown);
    CHECK(f.certainty == Certainty::possible);
    CHECK_THAT(f.headline, Contains("a RST came in in the handshake"));
}

TEST_CASE("a client that cancels its connect and answers the late SYN-ACK with RST is not forged") {
    auto t = trace();
    Session s = session(t);
    listen(t, s);
    t.as(s.client).at(100).connect_enter().syn_sent().syn_out().timer_armed(1000).connect_exit(-EINPROGRESS).at(100.1).wiped_close(TcpState::syn_sent).destroy();
    t.as(s.server).at(100.2).syn_in().syn_ack_out();
    t.as(s.client).at(100.3).syn_ack_in().reset_without_socket("NO_SOCKET", tcp_flag::syn | tcp_flag::ack).rst_out();
    t.as(s.server).at(100.4).rst_in();
    const Judgement judged = judge(t.story());
    INFO(all_text(judged.findings));
    CHECK(judged.findings.empty());
    REQUIRE(judged.benign.size() == 1);
    CHECK(judged.benign[0].benign == std::string("withdrawn"));
    CHECK(judged.benign[0].connections.size() == 2);
}

TEST_CASE("a lost record lowers what leans on silence") {
    auto t = trace();
    Session s = session(t);
    listen(t, s);
    client_times_out(t, s, 100);
    half_open_is_reset(t, s, 100);
    t.gap(50, 8000, 12);
    const auto findings = find_all(t.story());
    INFO(all_text(findings));
    REQUIRE(findings.size() == 2);
    CHECK(findings[0].rule == "evidence-gap");
    CHECK_THAT(findings[0].headline, Contains("12 records"));
    CHECK(findings[1].rule == "reset-forged");
    CHECK(findings[1].certainty == Certainty::likely);
    CHECK_FALSE(findings[1].settle.empty());
}

TEST_CASE("without packet probes silence is no evidence") {
    auto t = trace();
    Session s = session(t);
    listen(t, s);
    client_times_out(t, s, 100);
    t.as(s.listener);
    t.info().probes.push_back({"packet_in", "tp_btf/netif_receive_skb", "unavailable: no BTF", 0, 0});
    const Finding f = only(t.story());
    CHECK(f.rule == "connect-timeout");
    CHECK(f.certainty == Certainty::possible);
}

TEST_CASE("connect-timeout with both ends: the SYN never arrived") {
    auto t = trace();
    Session s = session(t);
    listen(t, s);
    Session earlier = session(t, "edge", "fe", 39999);
    open(t, earlier, 10);  // tells where 10.0.2.2 lives
    client_times_out(t, s, 100);
    const Finding f = only(t.story());
    CHECK(f.rule == "connect-timeout");
    CHECK(f.culprit == Culprit::path);
    CHECK(f.certainty == Certainty::proven);
    CHECK_THAT(all_text(f), Contains("saw no SYN: lost on the way out"));
}

TEST_CASE("connect-timeout with both ends: a client whose first records are missing is joined by its packets") {
    auto t = trace();
    Session s = session(t);
    listen(t, s);
    t.as(s.client).at(100).syn_out().timer_armed(1000).at(1100).syn_retransmit().at(3100).syn_retransmit().syn_out();
    t.at(7200).error(ETIMEDOUT).wiped_close(TcpState::syn_sent).destroy();
    half_open_is_reset(t, s, 100);
    const Story story = t.story();
    CHECK(story.conversations.size() == 1);
    for (const Finding& f : find_all(story)) CHECK_THAT(all_text(f), !Contains("saw no SYN"));
}

TEST_CASE("what a device gave other numbers is no proof that the SYN never arrived") {
    const bool refused = GENERATE(false, true);
    const bool other_port = GENERATE(false, true);
    const bool later = GENERATE(false, true);
    auto t = trace();
    Session s = session(t);
    listen(t, s);
    Session earlier = session(t, "edge", "fe", 39999);
    open(t, earlier, 10);
    if (refused)
        client_is_refused(t, s, 100);
    else
        client_times_out(t, s, 100);
    End arrived = s.server;  // the same host's handshake with the same port
    arrived.peer_isn = 77;
    if (other_port) arrived.flow.peer.port = 61000;
    t.as(arrived).at(later ? 60'000 : 100.1).syn_in().syn_ack_out();
    bool told = false;
    for (const Finding& f : find_all(t.story())) {
        if (f.rule != (refused ? "connect-refused" : "connect-timeout")) continue;
        told = true;
        INFO(all_text(f));
        CHECK((f.certainty == Certainty::proven) == later);
        if (!later) CHECK_THAT(all_text(f), Contains("that is nobody's here"));
    }
    CHECK(told);
}

TEST_CASE("connect-timeout with both ends: recorded addresses tell where the peer lives") {
    auto t = trace();
    Session s = session(t);
    client_times_out(t, s, 100);
    t.info().meta["netns.100.addresses"] = "10.0.2.2, fe80::1";  // fe was the first witness named
    REQUIRE(t.info().witnesses[0].name == "fe");
    const Finding f = only(t.story());
    CHECK(f.certainty == Certainty::proven);
}

TEST_CASE("connect-timeout with both ends: the answer was lost on the way back, and is one finding") {
    auto t = trace();
    Session s = session(t);
    listen(t, s);
    client_times_out(t, s, 100);
    for (const double at : syn_times) t.as(s.server).at(100.1 + at).syn_in().syn_ack_out();
    t.as(s.server).at(1100.5).syn_ack_retransmit(s.listener, 1).at(3100.5).syn_ack_retransmit(s.listener, 2);
    const Finding f = only(t.story());
    CHECK(f.rule == "connect-timeout");
    CHECK(f.culprit == Culprit::path);
    CHECK(f.certainty == Certainty::proven);
    CHECK_THAT(all_text(f), Contains("lost on the return path"));
    CHECK_THAT(all_text(f), Contains("its effect (handshake-incomplete)"));
}

TEST_CASE("connect-timeout with both ends: the peer host dropped the SYN at its door") {
    auto t = trace();
    Session s = session(t);
    listen(t, s);
    Session earlier = session(t, "edge", "fe", 39999);
    open(t, earlier, 10);
    client_times_out(t, s, 100);
    for (const double at : syn_times) t.as(s.server).at(100.1 + at).syn_in();
    const Finding f = only(t.story());
    CHECK(f.rule == "connect-timeout");
    CHECK(f.culprit == Culprit::peer_host);
    CHECK_THAT(all_text(f), Contains("the SYN arrived at fe"));
}

TEST_CASE("a slow handshake that succeeds is no timeout") {
    auto t = trace();
    Session s = session(t);
    t.as(s.client).at(0).connect_enter().syn_sent().syn_out().timer_armed(1000).at(1000).syn_retransmit().syn_out();
    t.at(1050).syn_ack_in().state(TcpState::syn_sent, TcpState::established).connect_exit();
    CHECK(find_all(t.story()).empty());
}

TEST_CASE("connect-refused from one side: the peer host, likely") {
    auto t = trace();
    Session s = session(t, "edge", "edge");
    client_is_refused(t, s, 0);
    const Finding f = only(t.story());
    CHECK(f.rule == "connect-refused");
    CHECK(f.culprit == Culprit::peer_host);
    CHECK(f.certainty == Certainty::likely);
    CHECK_THAT(f.headline, Contains("dialer[100]"));
    CHECK_THAT(f.settle, Contains("record on 10.0.2.2"));
}

TEST_CASE("connect-refused from one side: another TTL than the peer's points at the path") {
    auto t = trace();
    Session before = session(t, "edge", "edge", 39999);
    Session s = session(t, "edge", "edge");
    before.client.ttl_in = 62;
    client_opens(t, before, 0);
    client_is_refused(t, s, 100, 255);
    const Finding f = only(t.story());
    CHECK(f.culprit == Culprit::path);
    CHECK(f.certainty == Certainty::likely);
    CHECK_THAT(all_text(f), Contains("TTL 255"));
}

TEST_CASE("connect-refused on loopback from one side: no device can stand between, however soon the RST came") {
    for (const char* server : {"127.0.0.1:5061", "10.0.2.2:5061"}) {
        auto t = trace();
        Session before, s;
        before.client = t.end("edge", "127.0.0.1:39999", server, task(100, "dialer"));
        s.client = t.end("edge", "127.0.0.1:40000", server, task(100, "dialer"));
        t.as(before.client).at(0).connect_enter().syn_sent().syn_out();
        t.at(50).syn_ack_in().state(TcpState::syn_sent, TcpState::established).connect_exit();
        client_is_refused(t, s, 1000);
        const Finding f = only(t.story());
        const bool loopback = std::string(server).starts_with("127.");
        CHECK(f.rule == (loopback ? "connect-refused" : "reset-forged"));
        CHECK(f.culprit == (loopback ? Culprit::local_configuration : Culprit::path));
    }
}

TEST_CASE("connect-refused with both ends: nobody listens, and the knock is the same finding") {
    for (const char* where : {"fe", "edge"}) {  // another namespace, or loopback
        auto t = trace();
        Session s = session(t, "edge", where);
        client_is_refused(t, s, 0);
        t.as(s.server).at(.1).syn_in().reset_without_socket("NO_SOCKET").rst_out();
        const Finding f = only(t.story());
        CHECK(f.rule == "connect-refused");
        CHECK(f.culprit == Culprit::local_configuration);
        CHECK(f.certainty == Certainty::proven);
        CHECK_THAT(all_text(f), Contains("nothing listens on 10.0.2.2:5061"));
    }
}

TEST_CASE("connect-refused with both ends: the peer never saw the SYN") {
    auto t = trace();
    Session s = session(t);
    listen(t, s);
    Session earlier = session(t, "edge", "fe", 39999);
    open(t, earlier, 10);
    client_is_refused(t, s, 100);
    const Finding f = only(t.story());
    CHECK(f.rule == "connect-refused");
    CHECK(f.culprit == Culprit::path);
    CHECK(f.certainty == Certainty::proven);
}

TEST_CASE("connect-refused with both ends: what the peer only counted is not proof that it never saw the SYN") {
    auto t = trace();
    Session s = session(t);
    listen(t, s);
    Session earlier = session(t, "edge", "fe", 39999);
    open(t, earlier, 10);
    client_is_refused(t, s, 100);
    t.as(t.end("fe", "10.0.2.2:81", "192.0.2.0:0")).resets_counted(1996, 0, 1000);
    bool told = false;
    for (const Finding& f : find_all(t.story())) {
        if (f.rule != "connect-refused") continue;
        told = true;
        CHECK(f.certainty != Certainty::proven);
    }
    CHECK(told);
}

TEST_CASE("connect-refused with both ends: the peer's packet filter rejected it") {
    for (const bool told : {true, false}) {
        auto t = trace();
        Session s = session(t);
        listen(t, s);
        client_is_refused(t, s, 100);
        t.as(s.server).at(100.1).syn_in();
        if (told) t.firewall_reset(1);
        t.rst_out();
        const Finding f = only(t.story());
        CHECK(f.rule == "connect-refused");
        CHECK(f.culprit == Culprit::local_firewall);
        CHECK(f.certainty == (told ? Certainty::proven : Certainty::likely));
        CHECK(f.settle.empty() == told);
        CHECK_THAT(all_text(f), Contains(told ? "the packet filter of fe made the RST (reject at input)" : "a packet filter on fe rejects it"));
    }
}

TEST_CASE("a kernel that is silent about resets without a socket accuses no packet filter") {
    for (const char* status : {"optional: this kernel lets no program hang on its functions", "optional: not needed: told already", "attached"}) {
        auto t = trace();
        t.info().probes = {{"reset_sent", "", "attached"}, {"answer_reset", "", status}};
        Session s = session(t);
        listen(t, s);
        client_is_refused(t, s, 100);
        t.as(s.server).at(100.1).syn_in().rst_out();
        const bool silent = std::string(status).ends_with("functions");
        CHECK((all_text(only(t.story())).find("packet filter on fe") == std::string::npos) == silent);
    }
}

TEST_CASE("connect-refused by this host's own packet filter: proven, nobody else to ask") {
    auto t = trace();
    Session s = session(t, "edge", "edge");
    client_is_refused(t, s, 100);
    t.as(s.client).at(100.05).firewall_reset(3);
    const Finding f = only(t.story());
    CHECK(f.rule == "connect-refused");
    CHECK(f.culprit == Culprit::local_firewall);
    CHECK(f.certainty == Certainty::proven);
    CHECK_THAT(all_text(f), Contains("reject at output"));
}

TEST_CASE("refused connects fold per process and peer") {
    auto t = trace();
    for (int i = 0; i < 383; ++i) {
        Session s = session(t, "edge", "edge", 40000 + i);
        client_is_refused(t, s, i * 31.4);
    }
    const auto findings = find_all(t.story());
    INFO(all_text(findings));
    REQUIRE(findings.size() == 2);
    CHECK(findings[1].rule == "endpoint-down");
    const Finding& f = findings[0];
    CHECK(f.count == 383);
    CHECK(f.connections.size() == 383);
    CHECK_THAT(f.headline, Contains("383 times in 12"));
}

TEST_CASE("handshake-incomplete from one side") {
    auto t = trace();
    Session s = session(t, "fe", "fe");
    auto alone = trace();
    s.listener.witness = s.server.witness = alone.witness("fe");
    listen(alone, s);
    alone.as(s.server).at(10).syn_in().syn_ack_out();
    for (int i = 1; i <= 5; ++i) alone.at(10 + 1000 * ((1 << i) - 1)).syn_ack_retransmit(s.listener, static_cast<std::uint8_t>(i)).syn_ack_out();
    const Finding f = only(alone.story());
    CHECK(f.rule == "handshake-incomplete");
    CHECK(f.culprit == Culprit::path);
    CHECK(f.certainty == Certainty::possible);
    CHECK_THAT(f.headline, Contains("sent again 5 times"));
    CHECK_THAT(f.headline, Contains("server[50]"));
}

TEST_CASE("a flood of SYNs that were answered: what was recorded and what was only counted are one finding, with their sum") {
    auto t = trace();
    for (int i = 0; i < 3; ++i) {
        End half = t.end("fe", "10.0.2.2:443", "192.0.2.9:" + std::to_string(40000 + i));
        half.peer_isn = 100u + static_cast<unsigned>(i);
        t.as(half).at(i * 0.1).syn_in().syn_ack_out();
    }
    using What = Repeats::What;
    const End network = t.end("fe", "10.0.2.2:443", "192.0.2.0:0");
    t.as(network).counted(What::handshake_in, 1997, 0, 1000).counted(What::handshake_out, 1997, 0, 1000);
    const Finding f = only(t.story());
    CHECK(f.rule == "handshake-incomplete");
    CHECK(f.culprit == Culprit::peer_host);
    CHECK(f.certainty == Certainty::proven);
    CHECK(f.count == 2000);
    CHECK(f.connections.size() == 3);
    CHECK_THAT(f.headline, Contains("a flood: SYNs from 192.0.2.0/24 to port 443 were answered"));
    CHECK_THAT(all_text(f), Contains("2000 a second; 3 of them recorded one by one"));
}

TEST_CASE("SYNs that were only counted and never answered, as a packet filter drops them, are no incomplete handshakes") {
    auto t = trace();
    t.as(t.end("fe", "10.0.2.2:81", "192.0.2.0:0")).counted(Repeats::What::handshake_in, 1997, 0, 1000);
    CHECK(find_all(t.story()).empty());
}

TEST_CASE("a flood that a host only forwards went through it, and what it recorded one by one is not among what it counted") {
    auto t = trace();
    using What = Repeats::What;
    t.as(t.end("fe", "0.0.0.0:443", "192.0.2.0:0")).counted(What::handshake_in, 1997, 0, 1000).counted(What::handshake_out, 1997, 0, 1000);
    t.as(t.end("fe", "0.0.0.0:0", "10.0.9.0:443")).counted(What::handshake_out, 1990, 0, 1000).counted(What::handshake_in, 1990, 0, 1000);
    const Finding f = only(t.story());
    CHECK(f.count == 1997);
    CHECK_THAT(f.headline, Contains("to port 443 through fe were answered"));
    CHECK_THAT(all_text(f), Contains("1997 a second; all counted"));
}

TEST_CASE("a connection that was made in a flood's midst is none of it") {
    auto t = trace();
    Session s = session(t);
    listen(t, s);
    client_opens(t, s, 100);
    t.as(s.server).at(100.2).syn_in().syn_ack_out().at(101).state(TcpState::syn_recv, TcpState::established).accept(s.listener);
    using What = Repeats::What;
    t.as(t.end("fe", s.server.flow.local.text(), "192.0.2.0:0")).counted(What::handshake_in, 1997, 0, 1000).counted(What::handshake_out, 1997, 0, 1000);
    const Finding f = only(t.story());
    CHECK(f.count == 1997);
    CHECK(f.connections.empty());
}

TEST_CASE("handshake-incomplete with both ends: the ACK was lost") {
    auto t = trace();
    Session s = session(t);
    listen(t, s);
    client_opens(t, s, 100);
    t.as(s.server).at(100.2).syn_in().syn_ack_out().at(1100).syn_ack_retransmit(s.listener, 1).at(3100).syn_ack_retransmit(s.listener, 2);
    const Finding f = only(t.story());
    CHECK(f.rule == "handshake-incomplete");
    CHECK(f.culprit == Culprit::path);
    CHECK(f.certainty == Certainty::proven);
    CHECK_THAT(all_text(f), Contains("the ACK was lost"));
}

TEST_CASE("one SYN-ACK retransmit that the ACK follows is nothing") {
    auto t = trace();
    Session s = session(t);
    listen(t, s);
    client_opens(t, s, 100);
    t.as(s.server).at(100.2).syn_in().syn_ack_out().at(1100).syn_ack_retransmit(s.listener, 1);
    t.at(1101).state(TcpState::syn_recv, TcpState::established).accept(s.listener);
    CHECK(find_all(t.story()).empty());
}
