// What never came to a wire, or lost its way there: SYNs and SYN-ACKs that no device saw, a translator that forgot, a route that went with its device, a second
// connection on which the first one waits.
#include <algorithm>

#include <catch2/catch.hpp>

#include "support/judged.h"
#include "support/scenes.h"

using namespace tcpwitness;
using Catch::Contains;

namespace {

End neighbour_of(const End& end, const Address& address) {
    End neighbour = end;
    neighbour.cookie = neighbour.socket_id = 0;
    neighbour.flow = {{}, {address, 0}};
    return neighbour;
}

/// connect() is given up by its application after three SYNs; `on_the_wire`: they were seen leaving.
void gives_up(TraceBuilder& t, const Session& s, double ms, bool on_the_wire) {
    t.as(s.client).at(ms).connect_enter().syn_sent();
    for (const double at : syn_times) {
        t.at(ms + at + .1);
        if (at) t.syn_retransmit();
        if (on_the_wire) t.syn_out();
    }
    t.at(ms + 7000).wiped_close(TcpState::syn_sent).destroy();
}

/// The server's TCP answers each SYN; no SYN-ACK comes to a device.
void answers_in_vain(TraceBuilder& t, const Session& s, double ms, std::uint8_t ttl) {
    for (const double at : syn_times) {
        t.as(s.server).at(ms + at + .2).ttl(ttl).syn_in();
        t.at(ms + at + .3).syn_ack_retransmit(s.listener, 1);
    }
}

Drop without_route_on() {
    Drop made;
    made.reason = "IP_INNOROUTES";
    made.place = "ip_error";
    made.device = "eth-mid";
    made.flags = tcp_flag::ack | tcp_flag::psh;
    return made;
}

}  // namespace

TEST_CASE("SYN-ACKs that wait for a silent neighbour are not lost on the way back") {
    for (const bool over_router : {true, false}) {
        auto t = trace();
        Session s = session(t);
        listen(t, s);
        gives_up(t, s, 100, true);
        answers_in_vain(t, s, 100, over_router ? 63 : 64);
        t.as(neighbour_of(s.server, s.server.flow.peer.address)).at(3200).add(Neighbour{Neighbour::What::failed, 3, {}, {}, "eth-fe"});
        const Finding f = only(t.story());
        INFO(all_text(f));
        CHECK(f.rule == "host-unreachable");
        CHECK(f.culprit == (over_router ? Culprit::local_configuration : Culprit::path));
        CHECK(f.certainty == (over_router ? Certainty::likely : Certainty::proven));
        CHECK_THAT(f.headline, Contains("SYN-ACKs never leave") && Contains(over_router ? "on its own link" : "does not answer ARP"));
        CHECK_THAT(all_text(f), Contains("its effect (connect-timeout)"));
    }
}

TEST_CASE("a SYN-ACK that TCP made and no device saw is not lost on the way back, whatever took it") {
    auto t = trace();
    Session s = session(t);
    listen(t, s);
    gives_up(t, s, 100, true);
    answers_in_vain(t, s, 100, 64);
    const Finding f = only(t.story());
    INFO(all_text(f));
    CHECK(f.rule == "connect-timeout");
    CHECK(f.culprit == Culprit::local_kernel);
    CHECK(f.certainty == Certainty::likely);
    CHECK_THAT(f.headline, Contains("no SYN-ACK of fe was seen leaving it"));
}

TEST_CASE("SYNs that no device of their own host saw were not lost by the path") {
    for (const bool on_the_wire : {false, true}) {
        auto t = trace();
        Session s = session(t);
        gives_up(t, s, 100, on_the_wire);
        const Finding f = only(t.story());
        INFO(all_text(f));
        CHECK(f.rule == "connect-timeout");
        CHECK(f.culprit == (on_the_wire ? Culprit::path : Culprit::local_configuration));
        CHECK((f.headline.find("none was seen leaving edge") == std::string::npos) == on_the_wire);
    }
}

TEST_CASE("SYNs that wait for a link-layer address when the application gives up say so") {
    auto t = trace();
    Session s = session(t);
    gives_up(t, s, 100, false);
    t.as(neighbour_of(s.client, *Address::parse("10.0.1.1"))).at(100.2).add(Neighbour{Neighbour::What::incomplete, 0, {}, {}, "eth-edge"});
    const Finding f = only(t.story());
    INFO(all_text(f));
    CHECK(f.culprit == Culprit::path);
    CHECK_THAT(f.headline, Contains("they wait for the link-layer address of 10.0.1.1 on eth-edge"));
}

TEST_CASE("a translator that forgot an idle connection answers it itself: no address moved") {
    auto t = trace();
    Session s = session(t, "edge", "fe");
    listen(t, s);
    // The front end sees the translator's address; sequence numbers join both ends.
    s.server.flow.peer = endpoint("10.0.2.1:40000");
    open(t, s, 100);
    End mid = s.server;
    mid.witness = t.witness("mid");
    mid.cookie = mid.socket_id = 0;
    mid.flow = s.server.flow.reversed();
    t.as(mid).at(9100).reset_without_socket("NO_SOCKET", tcp_flag::ack | tcp_flag::psh);
    is_reset(t, s.server, 9100.2, 9000, 0);
    const std::vector<Finding> findings = find_all(t.story());
    INFO(all_text(findings));
    REQUIRE(findings.size() == 1);
    CHECK(findings[0].rule == "reset-received");
    CHECK(findings[0].culprit == Culprit::local_configuration);
    CHECK(findings[0].certainty == Certainty::likely);
    CHECK_THAT(findings[0].headline, Contains("mid, which translates its addresses, has forgotten it after 9.0 s of silence") && !Contains("moved"));
}

TEST_CASE("what comes in and has nowhere to go: the route is missing, and with it the device that went") {
    for (const bool went : {true, false}) {
        auto t = trace();
        Session s = session(t, "edge", "edge");
        client_opens(t, s, 0);
        End mid = s.client;
        mid.witness = t.witness("mid");
        mid.cookie = mid.socket_id = 0;
        mid.flow = s.client.flow.reversed();
        t.as(mid);
        t.at(0).environment(Environment::What::found, "device", "eth-out", "up, veth, mtu 1500");
        if (went) t.at(4000).environment(Environment::What::gone, "device", "eth-out", "");
        for (int i = 0; i < 4; ++i) {
            Drop drop = without_route_on();
            drop.seq = s.client.isn + 1;
            t.as(s.client).at(5000 + 400 * i).rto(static_cast<std::uint8_t>(i + 1));
            t.as(mid).at(5000.2 + 400 * i).add(drop);
        }
        const std::vector<Finding> findings = find_all(t.story());
        INFO(all_text(findings));
        REQUIRE(!findings.empty());
        CHECK(findings[0].rule == "local-drop");
        CHECK(findings[0].culprit == Culprit::local_configuration);
        CHECK_THAT(findings[0].headline, Contains("no route to 10.0.2.2") && !Contains("ip_error"));
        CHECK((findings[0].headline.find("its device eth-out is gone") != std::string::npos) == went);
    }
}

TEST_CASE("an open connection that stood still for want of a route, and got over it") {
    for (const bool long_enough : {true, false}) {
        auto t = trace();
        Session s = session(t, "edge", "edge");
        client_opens(t, s, 0);
        for (int i = 0; i < 3; ++i) {
            Drop drop = without_route_on();
            drop.reason = "IP_OUTNOROUTES";
            drop.outgoing = true;
            drop.seq = s.client.isn + 1;
            t.as(s.client).at(1000 + (long_enough ? 700 : 200) * i).add(drop);
        }
        closes_first(t, s.client, 5000);
        const std::vector<Finding> findings = find_all(t.story());
        INFO(all_text(findings));
        REQUIRE(findings.size() == (long_enough ? 1u : 0u));
        if (long_enough) CHECK_THAT(findings[0].headline, Contains("stood still for 1.4 s or more"));
    }
}

TEST_CASE("a listener of all IPv4 addresses takes no IPv6: nothing listens there") {
    auto t = trace();
    const End listener = t.listener("edge", "0.0.0.0:3000", task(50, "webapp"));
    t.as(listener).at(0).listen_call();
    End client = t.end("edge", "[::1]:40000", "[::1]:3000", task(100, "node"));
    End knock = t.opposite(client, "edge");
    t.as(client).at(100).connect_enter().syn_sent().syn_out();
    t.as(knock).at(100.01).syn_in().reset_without_socket("NO_SOCKET").rst_out();
    t.as(client).at(100.03).rst_in().reset_received().error(ECONNREFUSED).wiped_close(TcpState::syn_sent).connect_exit(-ECONNREFUSED).destroy();
    const Finding f = only(t.story());
    INFO(all_text(f));
    CHECK(f.rule == "connect-refused");
    CHECK(f.culprit == Culprit::local_configuration);
    CHECK_THAT(f.headline, Contains("nothing listens on [::1]:3000") && Contains("only on IPv4 (0.0.0.0:3000)") && !Contains("IPv6 only"));
}

TEST_CASE("a RST that a recorded host sent for other ports is not forged: a translator renamed the connection") {
    for (const bool same_number : {true, false}) {
        auto t = trace();
        Session s = session(t, "edge", "fe");
        listen(t, s);
        open(t, s, 100);
        End renamed = s.server;
        renamed.cookie = renamed.socket_id = 0;
        renamed.flow.peer = endpoint("10.0.2.1:22824");
        const std::uint32_t seq = s.server.isn + 77;
        t.as(renamed).at(7100).packet(true, tcp_flag::rst, same_number ? seq : seq + 1);
        t.as(s.client).at(7100.1).packet(false, tcp_flag::rst, seq).reset_received().error(ECONNRESET).wiped_close(TcpState::established).destroy();
        const std::vector<Finding> findings = find_all(t.story());
        INFO(all_text(findings));
        REQUIRE(!findings.empty());
        CHECK(findings[0].rule == (same_number ? "reset-received" : "reset-forged"));
        if (!same_number) continue;
        CHECK(findings[0].certainty == Certainty::likely);
        CHECK_THAT(findings[0].headline, Contains("a translator between had forgotten it after 7.0 s of silence") && Contains("10.0.2.1:22824"));
    }
}

TEST_CASE("a RST that left a host whose TCP did not send it: its packet filter only where a rule of it resets") {
    for (const bool rule : {true, false}) {
        auto t = trace();
        Session s = session(t, "edge", "fe");
        listen(t, s);
        open(t, s, 100);
        if (rule) t.as(s.server).at(0).environment(Environment::What::found, "nft_rule", "inet t o handle 4", "tcp sport 5061 reject with tcp reset");
        t.as(s.server).at(2000).rst_out();
        is_reset(t, s.client, 2000.1);
        const Finding f = only(t.story());
        INFO(all_text(f));
        CHECK(f.rule == "reset-received");
        CHECK(f.culprit == (rule ? Culprit::local_firewall : Culprit::local_application));
        if (!rule) CHECK(f.certainty == Certainty::likely);
        CHECK((all_text(f).find("raw socket") == std::string::npos) == rule);
    }
}

TEST_CASE("a RST that never came back: nothing listens there, and the way back loses the answer") {
    auto t = trace();
    Session s = session(t, "edge", "fe");
    gives_up(t, s, 100, true);
    for (const double at : syn_times) t.as(s.server).at(100.2 + at).syn_in().reset_without_socket("NO_SOCKET").rst_out();
    const Finding f = only(t.story());
    INFO(all_text(f));
    CHECK(f.rule == "reset-sent");
    CHECK_THAT(f.headline, Contains("nothing listens on 10.0.2.2:5061") && Contains("no RST came to edge"));
    CHECK_THAT(all_text(f), Contains("its effect (connect-timeout)") && !Contains("answered nothing"));
}

TEST_CASE("a time limit shorter than the way there and back, however short; one taken back at once was not waited for") {
    for (const bool limit : {true, false}) {
        auto t = trace();
        Session s = session(t, "edge", "fe");
        listen(t, s);
        t.as(s.client).at(100).connect_enter().syn_sent().syn_out();
        t.at(limit ? 200 : 110).wiped_close(TcpState::syn_sent).destroy();
        t.as(s.server).at(250).syn_in().syn_ack_out();
        End bare = s.client;
        bare.cookie = bare.socket_id = 0;
        t.as(bare).at(400).syn_ack_in().reset_without_socket("NO_SOCKET", tcp_flag::syn | tcp_flag::ack).rst_out();
        t.as(s.server).at(550).rst_in();
        const std::vector<Finding> findings = find_all(t.story());
        INFO(all_text(findings));
        const bool told = std::any_of(findings.begin(), findings.end(), [](const Finding& f) { return f.rule == "connect-timeout" && f.culprit == Culprit::local_application; });
        CHECK(told == limit);
    }
}

TEST_CASE("an idle pool's connections that are older than the recording may be thrown away; what has something under way may not") {
    for (const std::uint32_t unacknowledged : {0u, 5u}) {
        auto t = trace();
        Session s = session(t, "edge", "edge");
        TcpNumbers tcp;
        tcp.told = true;
        tcp.recv_idle_ms = tcp.send_idle_ms = 50'000;
        tcp.snd_una = 1000;
        tcp.snd_nxt = tcp.write_seq = 1000 + unacknowledged;
        tcp.rcv_nxt = tcp.copied_seq = 500;
        t.as(s.client).at(0).snapshot(TcpState::established);
        t.at(5000).state(TcpState::established, TcpState::close).reset_sent("TCP_STATE", tcp).rst_out().destroy();
        const std::vector<Finding> findings = find_all(t.story());
        INFO(all_text(findings));
        CHECK(findings.empty() == !unacknowledged);
    }
}

TEST_CASE("a stall while a device of one end was down is that end's") {
    for (const bool went : {true, false}) {
        auto t = trace();
        Session s = session(t, "edge", "edge");
        client_opens(t, s, 0);
        t.as(s.client).at(0).environment(Environment::What::found, "device", "eth7", "up, veth, mtu 1500");
        if (went) t.at(1200).environment(Environment::What::changed, "device", "eth7", "down, veth, mtu 1500");
        for (std::uint8_t i = 1; i <= 4; ++i) t.as(s.client).at(1000 + 400 * (1 << i)).rto(i);
        closes_first(t, s.client, 12'000);
        const std::vector<Finding> findings = find_all(t.story());
        INFO(all_text(findings));
        REQUIRE(findings.size() == 1);
        CHECK(findings[0].rule == "loss-stall");
        CHECK(findings[0].culprit == (went ? Culprit::local_configuration : Culprit::path));
        CHECK((findings[0].headline.find("its device eth7 is down") != std::string::npos) == went);
    }
}

TEST_CASE("nobody is told to record on a host that was recorded") {
    for (const bool recorded : {true, false}) {
        auto t = trace();
        Session s = session(t, "edge", recorded ? "fe" : "edge");
        if (recorded) server_opens(t, s, 0);
        client_opens(t, s, 0);
        for (std::uint8_t i = 1; i <= 4; ++i) t.as(s.client).at(1000 + 400 * (1 << i)).rto(i);
        closes_first(t, s.client, 12'000);
        if (recorded) closes_second(t, s.server, 12'000);
        const std::vector<Finding> findings = find_all(t.story());
        INFO(all_text(findings));
        REQUIRE(findings.size() == 1);
        CHECK((findings[0].settle.find("record on 10.0.2.2") == std::string::npos) == recorded);
    }
}

TEST_CASE("a stall while a recorded host threw the segments away is that host's") {
    for (const int drops : {3, 1}) {
        auto t = trace();
        Session s = session(t, "edge", "edge");
        client_opens(t, s, 0);
        End mid = s.client;
        mid.witness = t.witness("mid");
        mid.cookie = mid.socket_id = 0;
        mid.flow = s.client.flow.reversed();
        for (std::uint8_t i = 1; i <= 4; ++i) {
            t.as(s.client).at(1000 + 400 * (1 << i)).rto(i);
            Drop drop = without_route_on();
            drop.seq = s.client.isn + 1;
            if (i <= drops) t.as(mid).at(1000.2 + 400 * (1 << i)).add(drop);
        }
        closes_first(t, s.client, 12'000);
        const std::vector<Finding> findings = find_all(t.story());
        INFO(all_text(findings));
        REQUIRE(findings.size() == 1);
        CHECK(findings[0].rule == "loss-stall");
        CHECK(findings[0].culprit == (drops > 1 ? Culprit::local_configuration : Culprit::path));
        CHECK((findings[0].headline.find("no route to 10.0.2.2") != std::string::npos) == (drops > 1));
    }
}

TEST_CASE("a connect that a signal ended says so") {
    for (const std::int32_t result : {-EINTR, -512, 0}) {
        auto t = trace();
        Session s = session(t, "edge", "edge");
        t.as(s.client).at(100).connect_enter().syn_sent().syn_out();
        t.at(150).connect_exit(result ? result : -EINPROGRESS).at(1500).wiped_close(TcpState::syn_sent).destroy();
        const Finding f = only(t.story());
        INFO(all_text(f));
        CHECK(f.rule == "connect-timeout");
        CHECK((all_text(f).find("EINTR") != std::string::npos) == (result != 0));
    }
}
