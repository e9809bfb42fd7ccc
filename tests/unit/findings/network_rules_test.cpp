// local-drop, no-route, host-unreachable, path-mtu-blackhole, and what ICMP makes of connect-refused.
#include <catch2/catch.hpp>

#include "support/judged.h"
#include "support/scenes.h"

using namespace tcpwitness;
using Catch::Contains;

namespace {

Drop drop(const char* reason, bool outgoing, std::uint8_t flags, std::uint32_t seq) {
    Drop made;
    made.reason = reason;
    made.place = made.reason == "NETFILTER_DROP" ? "nft_do_chain" : "a_function";
    made.outgoing = outgoing;
    made.flags = flags;
    made.seq = seq;
    made.device = "eth0";
    return made;
}

Drop firewall(bool outgoing, std::uint32_t seq, std::uint8_t flags = tcp_flag::syn) {
    Drop made = drop("NETFILTER_DROP", outgoing, flags, seq);
    made.caller = outgoing ? "__ip_local_out" : "ip_local_deliver";
    return made;
}

Icmp unreachable(const char* sender, std::uint8_t code) {
    Icmp made;
    made.type = 3;
    made.code = code;
    made.sender = *Address::parse(sender);
    made.device = "eth0";
    return made;
}

/// A packet that no socket of the host claims: the tuple is all there is.
void at_host(TraceBuilder& t, const End& end, Drop body) {
    End bare = end;
    bare.cookie = bare.socket_id = 0;
    t.as(bare).add(std::move(body));
}

void connect_fails(TraceBuilder& t, const Session& s, double ms, std::int32_t error) {
    t.as(s.client).at(ms).connect_enter().syn_sent().syn_out().timer_armed(1000);
    t.at(ms + 3000).error(error).wiped_close(TcpState::syn_sent).connect_exit(-error).destroy();
}

}  // namespace

TEST_CASE("local-drop: the client's own firewall drops its SYNs, and the timeout is the effect") {
    auto t = trace();
    Session s = session(t, "edge", "edge");
    client_times_out(t, s, 100);
    for (const double at : syn_times) t.as(s.client).at(100.05 + at).add(firewall(true, s.client.isn));
    const Finding f = only(t.story());
    CHECK(f.rule == "local-drop");
    CHECK(f.culprit == Culprit::local_firewall);
    CHECK(f.certainty == Certainty::proven);
    CHECK(f.settle.empty());
    CHECK_THAT(f.headline, Contains("dialer[100]") && Contains("timed out") && Contains("3 SYNs on the way out") && Contains("output hook"));
    CHECK_THAT(all_text(f), Contains("its effect (connect-timeout)"));
    CHECK(f.evidence.size() >= 3);
}

TEST_CASE("local-drop: SYNs dropped until one gets through make the handshake slow; one that is lost is ordinary") {
    const auto play = [](int dropped) {
        auto t = trace();
        Session s = session(t);
        listen(t, s);
        t.as(s.client).at(100).connect_enter().syn_sent().syn_out().add(firewall(true, s.client.isn));
        for (int i = 1; i <= dropped; ++i) {
            t.at(100 + 1000 * i).syn_retransmit().syn_out();
            if (i < dropped) t.add(firewall(true, s.client.isn));
        }
        const double open_ms = 100.4 + 1000 * dropped;
        t.at(open_ms).syn_ack_in().state(TcpState::syn_sent, TcpState::established).connect_exit();
        server_opens(t, s, open_ms - .4);
        closes_first(t, s.client, open_ms + 100);
        closes_second(t, s.server, open_ms + 100);
        return t.story();
    };
    nothing(play(1));
    const Finding f = only(play(3));
    CHECK(f.rule == "local-drop");
    CHECK(f.culprit == Culprit::local_firewall);
    CHECK_THAT(f.headline, Contains("dialer[100]") && Contains("the handshake with 10.0.2.2:5061 took 3.0 s") && Contains("3 SYNs on the way out"));
    CHECK_THAT(all_text(f), Contains("its effect (handshake-slow)"));
}

TEST_CASE("local-drop: a SYN that comes back to its own host under another address belongs to the connect that sent it") {
    auto t = trace();
    Session s = session(t, "edge", "edge");
    client_times_out(t, s, 100);
    End back = s.client;
    back.flow = {endpoint("10.0.1.2:8080"), endpoint("10.0.1.2:40000")};
    for (const double at : syn_times) {
        t.at(100.05 + at);
        at_host(t, back, drop("IP_LOCAL_SOURCE", false, tcp_flag::syn, s.client.isn));
    }
    const Finding f = only(t.story());
    CHECK(f.rule == "local-drop");
    CHECK(f.culprit == Culprit::local_configuration);
    CHECK_THAT(f.headline, Contains("dialer[100]: connect() to 10.0.2.2:5061 timed out") && Contains("an address of that host itself"));
    CHECK_THAT(all_text(f), Contains("under way from 10.0.1.2:40000 to 10.0.1.2:8080") && Contains("translates the addresses"));
}

namespace {

/// The client's firewall drops its SYN; the ruleset as the recorder found it.
Finding dropped_by(const std::vector<std::pair<std::string, std::string>>& rules, const std::string& policy = "accept") {
    auto t = trace();
    Session s = session(t, "edge", "edge");
    End host = s.client;
    host.cookie = host.socket_id = 0;
    host.flow = {};
    t.as(host).at(0);
    const auto found = [&](const char* topic, const std::string& name, const std::string& value) {
        t.add(Environment{Environment::What::found, false, topic, name, "", value});
    };
    found("nft_chain", "inet t o", "filter hook output priority 0 policy " + policy);
    found("nft_chain", "inet t i", "filter hook input priority 0 policy drop");
    found("nft_rule", "inet t i handle 9", "tcp dport 5061 drop");
    for (const auto& [name, text] : rules) found("nft_rule", name, text);
    client_times_out(t, s, 100);
    t.as(s.client).at(100.05).add(firewall(true, s.client.isn));
    return only(t.story());
}

}  // namespace

TEST_CASE("local-drop names the rule when the recorded ruleset leaves one only") {
    const auto names = [](const std::vector<std::pair<std::string, std::string>>& rules, const char* said) {
        const Finding f = dropped_by(rules);
        INFO(all_text(f));
        CHECK_THAT(f.headline, Contains(said));
    };
    names({{"inet t o handle 4", "tcp dport 5061 drop"}, {"inet t o handle 5", "tcp dport 25 drop"}, {"inet t o handle 6", "udp dport 5061 drop"}},
          "output hook; table inet t, chain o, handle 4: tcp dport 5061 drop");
    names({{"inet t other handle 4", "tcp dport { 5000-5100, 80 } reject with tcp reset"}, {"inet t o handle 5", "tcp dport 5062 drop"}}, "chain other, handle 4");
    names({{"inet t o handle 4", "ip daddr 10.0.2.2 drop"}, {"inet t o handle 5", "ip daddr 10.0.2.3 drop"}, {"inet t o handle 6", "icmp type echo-request drop"}}, "handle 4");
    names({{"inet t o handle 4", "tcp dport 5061 jump one"}, {"inet t o handle 5", "tcp dport { 25 : jump two, 80 : jump two }"}, {"inet t one handle 6", "drop"}, {"inet t two handle 7", "drop"}},
          "chain one, handle 6: drop");
    names({{"inet t o handle 4", "tcp sport 40000 drop"}, {"ip6 t o handle 5", "drop"}, {"inet t o handle 7", "tcp dport 5061 accept"}}, "handle 4");
}

TEST_CASE("local-drop tells the rules that it may have been, or a policy") {
    const Finding two = dropped_by({{"inet t o handle 4", "ct state invalid drop"}, {"inet t o handle 5", "ip daddr 10.0.0.0/8 drop"}});
    CHECK_THAT(two.headline, !Contains("handle"));
    CHECK_THAT(all_text(two), Contains("it may have been table inet t, chain o, handle 4") && Contains("handle 5"));
    CHECK_THAT(dropped_by({}, "drop").headline, Contains("table inet t, chain o: its policy drop"));
    CHECK_THAT(all_text(dropped_by({})), Contains("does not tell which rule"));
}

TEST_CASE("local-drop: the server's firewall, seen by both hosts") {
    auto t = trace();
    Session s = session(t);
    listen(t, s);
    client_times_out(t, s, 100);
    for (const double at : syn_times) {
        t.as(s.server).at(100.2 + at).syn_in();
        at_host(t, s.server, firewall(false, s.client.isn));
    }
    const Finding f = only(t.story());
    CHECK(f.rule == "local-drop");
    CHECK(f.culprit == Culprit::local_firewall);
    CHECK_THAT(f.headline, Contains("fe dropped 3 SYNs that came in") && Contains("input hook"));
}

TEST_CASE("a firewall that keeps SYNs off a port is at work, not in trouble, when only its host was recorded and its rule is not known") {
    auto t = trace();
    Session s = session(t, "fe", "fe");
    listen(t, s);
    for (const double at : syn_times) {
        t.as(s.server).at(100.2 + at).syn_in();
        at_host(t, s.server, firewall(false, s.server.peer_isn));
    }
    CHECK(find_all(t.story()).empty());
}

TEST_CASE("local-drop: strict rp_filter is configuration, told without the client") {
    auto t = trace();
    Session s = session(t, "fe", "fe");
    listen(t, s);
    for (const double at : syn_times) {
        t.as(s.server).at(100.2 + at).syn_in();
        at_host(t, s.server, drop("IP_RPFILTER", false, tcp_flag::syn, s.server.peer_isn));
    }
    const Finding f = only(t.story());
    CHECK(f.rule == "local-drop");
    CHECK(f.culprit == Culprit::local_configuration);
    CHECK_THAT(f.headline, Contains("strict rp_filter on eth0") && Contains("10.0.1.2"));
}

TEST_CASE("local-drop: any other reason is the kernel's, by name; one lost SYN is nothing") {
    for (const bool lost_for_good : {true, false}) {
        auto t = trace();
        Session s = session(t, "edge", "edge");
        if (lost_for_good)
            client_times_out(t, s, 100);
        else
            t.as(s.client).at(100).connect_enter().syn_sent().syn_out().timer_armed(1000).at(1100).syn_retransmit().syn_out().at(1101).syn_ack_in()
                .state(TcpState::syn_sent, TcpState::established).connect_exit();
        t.as(s.client).at(100.01).add(drop("QDISC_DROP", true, tcp_flag::syn, s.client.isn));
        if (!lost_for_good) {
            CHECK(find_all(t.story()).empty());
            continue;
        }
        const Finding f = only(t.story());
        CHECK(f.rule == "local-drop");
        CHECK(f.culprit == Culprit::local_kernel);
        CHECK_THAT(f.headline, Contains("QDISC_DROP"));
    }
}

TEST_CASE("local-drop: a device that lost its carrier, seen as late as the recording's looks are apart") {
    for (const char* pause : {"3000000000", "20000000000"}) {
        auto t = trace();
        Session s = session(t, "edge", "edge");
        t.info().meta["environment.longest_pause_ns"] = pause;
        client_opens(t, s, 100);
        for (std::uint8_t round = 1; round <= 4; ++round) t.as(s.client).at(1000 * round).add(drop("QDISC_DROP", true, tcp_flag::ack | tcp_flag::psh, s.client.isn + 1)).rto(round);
        t.at(15000).environment(Environment::What::changed, "device", "eth0", "up, no carrier, veth, mtu 1500");
        const Finding f = only(t.story());
        INFO(all_text(f));
        const bool rare = std::string(pause) == "20000000000";
        CHECK(f.rule == "local-drop");
        CHECK(f.culprit == (rare ? Culprit::local_configuration : Culprit::local_kernel));
        CHECK((f.headline.find("eth0 has no carrier") != std::string::npos) == rare);
    }
}

TEST_CASE("local-drop on an open connection: the same segment three times, not three segments") {
    for (const bool same : {true, false}) {
        auto t = trace();
        Session s = session(t, "edge", "edge");
        client_opens(t, s, 0);
        for (int i = 0; i < 3; ++i) t.at(1000 * (1 + i)).add(firewall(true, s.client.isn + (same ? 1 : 100 * (1 + i)), tcp_flag::ack));
        const auto findings = find_all(t.story());
        INFO(all_text(findings));
        REQUIRE(findings.size() == (same ? 1 : 0));
        if (same) CHECK_THAT(findings[0].headline, Contains("is stuck") && Contains("3 segments on the way out"));
    }
}

TEST_CASE("no-route: the lookup that failed is told with its table") {
    auto t = trace();
    Session s = session(t, "edge", "edge");
    t.as(s.client).at(0).connect_enter().add(Route{Route::What::no_route, s.client.task, ENETUNREACH, 254, true}).connect_exit(-ENETUNREACH).destroy();
    const Finding f = only(t.story());
    CHECK(f.rule == "no-route");
    CHECK(f.culprit == Culprit::local_configuration);
    CHECK(f.certainty == Certainty::proven);
    CHECK_THAT(f.headline, Contains("ENETUNREACH") && Contains("table main"));
}

TEST_CASE("no-route: an address that no TCP connection can go to") {
    const auto play = [](const std::string& local, const std::string& peer, int error) {
        auto t = trace();
        const End client = t.end("edge", local, peer, task(100, "dialer"));
        t.as(client).at(0).environment(Environment::What::found, "address", "eth-edge 10.0.1.2/24", "");
        t.at(100).connect_enter().connect_exit(-error).destroy();
        const Finding f = only(t.story());
        INFO(all_text(f));
        CHECK(f.rule == (error == EINVAL && peer.starts_with("[2001") ? "unexplained" : "no-route"));
        return f.headline;
    };
    CHECK_THAT(play("[fd77::1]:40000", "[fe80::1]:53", EINVAL), Contains("EINVAL") && Contains("fe80::1 is a link-local address") && Contains("fe80::1%DEVICE"));
    CHECK_THAT(play("10.0.1.2:40000", "10.0.1.255:53", ENETUNREACH), Contains("10.0.1.255 is a broadcast address"));
    CHECK_THAT(play("10.0.1.2:40000", "224.0.0.1:53", ENETUNREACH), Contains("multicast"));
    CHECK_THAT(play("[fd77::1]:40000", "[ff02::1]:53", ENETUNREACH), Contains("multicast"));
    CHECK_THAT(play("10.0.1.2:40000", "10.0.2.255:53", ENETUNREACH), Contains("it has no route there"));
    CHECK_THAT(play("[fd77::1]:40000", "[2001:db8::1]:53", EINVAL), !Contains("link-local"));
}

TEST_CASE("no-route: a route that says no, whatever the errno") {
    auto t = trace();
    Session s = session(t, "edge", "edge");
    t.as(s.client).at(0).connect_enter();
    t.add(Route{Route::What::prohibit, s.client.task, EACCES, 100, true}).connect_exit(-EACCES).destroy();
    const Finding f = only(t.story());
    CHECK(f.rule == "no-route");
    CHECK_THAT(f.headline, Contains("EACCES") && Contains("a prohibit route in table 100"));
}

TEST_CASE("no-route: a routing rule that says no, though a table was asked before") {
    auto t = trace();
    Session s = session(t, "edge", "edge");
    t.as(s.client).at(0).connect_enter();
    t.add(Route{Route::What::no_route, s.client.task, EACCES, 77, true, true}).connect_exit(-EACCES).destroy();
    CHECK_THAT(only(t.story()).headline, Contains("EACCES") && Contains("a prohibit rule") && !Contains("77"));
}

TEST_CASE("no-route: IPv6 tried first on a host that has IPv4 only is nothing") {
    auto t = trace();
    const End six = t.end("edge", "*:0", "[2001:db8::7]:443", task(100, "dialer"));
    t.as(six).at(0).connect_enter().add(Route{Route::What::no_route, six.task, ENETUNREACH, 254, true}).connect_exit(-ENETUNREACH).destroy();
    Session s = session(t, "edge", "edge", 40000, "10.0.2.2:443");
    client_opens(t, s, 1);
    CHECK(find_all(t.story()).empty());
}

TEST_CASE("no-route under an open connection") {
    auto t = trace();
    Session s = session(t, "edge", "edge");
    client_opens(t, s, 0);
    for (int i = 0; i < 3; ++i) {
        t.at(1000 * (1 + i)).add(Route{Route::What::no_route, {}, EHOSTUNREACH, 254, false});
        t.add(drop("IP_OUTNOROUTES", true, tcp_flag::ack, s.client.isn + 1));
    }
    const Finding f = only(t.story());
    CHECK(f.rule == "no-route");
    CHECK_THAT(f.headline, Contains("is stuck"));
    CHECK_THAT(all_text(f), Contains("3 segments could not be sent"));
}

TEST_CASE("no-route under an open connection over IPv6, where the kernel gives no reason") {
    auto t = trace();
    Session s = session(t, "edge", "edge");
    client_opens(t, s, 0);
    Drop unreasoned = drop("NOT_SPECIFIED", true, tcp_flag::ack, s.client.isn + 1);
    unreasoned.place = "inet6_csk_xmit";
    for (int i = 0; i < 3; ++i) t.at(1000 * (1 + i)).add(unreasoned);
    const Finding f = only(t.story());
    CHECK(f.rule == "no-route");
    CHECK_THAT(all_text(f), Contains("3 segments could not be sent"));
}

TEST_CASE("host-unreachable: nobody answers ARP on the link") {
    auto t = trace();
    Session s = session(t, "edge", "edge");
    connect_fails(t, s, 0, EHOSTUNREACH);
    End neighbour = s.client;
    neighbour.cookie = neighbour.socket_id = 0;
    neighbour.flow = {{}, {s.client.flow.peer.address, 0}};
    t.as(neighbour).at(2999).add(Neighbour{Neighbour::What::failed, 3, {}, {}, "eth0"});
    End bare = s.client;
    bare.cookie = bare.socket_id = 0;
    t.as(bare).at(2999.5).add(unreachable("10.0.1.2", 1));  // the kernel tells itself
    const Finding f = only(t.story());
    CHECK(f.rule == "host-unreachable");
    CHECK(f.culprit == Culprit::path);
    CHECK(f.certainty == Certainty::proven);
    CHECK_THAT(f.headline, Contains("it does not answer ARP on eth0"));
}

TEST_CASE("host-unreachable: the next hop is silent") {
    auto t = trace();
    Session s = session(t, "edge", "edge");
    connect_fails(t, s, 0, EHOSTUNREACH);
    t.as(s.client).at(2998).add(drop("NEIGH_FAILED", true, tcp_flag::syn, s.client.isn));
    End gateway = s.client;
    gateway.cookie = gateway.socket_id = 0;
    gateway.flow = {{}, endpoint("10.0.1.1:0")};
    t.as(gateway).at(2999).add(Neighbour{Neighbour::What::failed, 3, {}, {}, "eth0"});
    const Finding f = only(t.story());
    CHECK(f.rule == "host-unreachable");
    CHECK_THAT(f.headline, Contains("the next hop 10.0.1.1 does not answer ARP on eth0"));
}

TEST_CASE("host-unreachable: the router that sent the ICMP error is named; the peer itself is the peer") {
    for (const char* sender : {"10.0.9.1", "10.0.2.2"}) {
        auto t = trace();
        Session s = session(t, "edge", "edge");
        connect_fails(t, s, 0, EHOSTUNREACH);
        End bare = s.client;
        bare.cookie = bare.socket_id = 0;
        t.as(bare).at(2999).add(unreachable(sender, 10));
        const Finding f = only(t.story());
        const bool peer = std::string(sender) == "10.0.2.2";
        CHECK(f.rule == "host-unreachable");
        CHECK(f.culprit == (peer ? Culprit::peer_host : Culprit::path));
        CHECK(f.certainty == Certainty::proven);
        CHECK_THAT(f.headline, Contains(peer ? "the peer itself answered ICMP host prohibited" : "10.0.9.1 answered ICMP host prohibited"));
    }
}

TEST_CASE("host-unreachable: an address that calls itself unreachable is translated, not the peer's fault") {
    auto t = trace();
    Session s = session(t, "edge", "edge");
    connect_fails(t, s, 0, EHOSTUNREACH);
    End bare = s.client;
    bare.cookie = bare.socket_id = 0;
    t.as(bare).at(2999).add(unreachable("10.0.2.2", 1));
    const Finding f = only(t.story());
    CHECK(f.rule == "host-unreachable");
    CHECK(f.culprit == Culprit::path);
    CHECK(f.certainty == Certainty::likely);
    CHECK_THAT(all_text(f), Contains("does not call itself unreachable"));
    CHECK_FALSE(f.settle.empty());
}

TEST_CASE("host-unreachable without a witness of it is likely only") {
    auto t = trace();
    Session s = session(t, "edge", "edge");
    connect_fails(t, s, 0, EHOSTUNREACH);
    const Finding f = only(t.story());
    CHECK(f.rule == "host-unreachable");
    CHECK(f.certainty == Certainty::likely);
    CHECK_FALSE(f.settle.empty());
}

TEST_CASE("connect-refused by ICMP has the path as culprit, and names the sender") {
    auto t = trace();
    Session s = session(t, "edge", "edge");
    connect_fails(t, s, 0, ECONNREFUSED);
    End bare = s.client;
    bare.cookie = bare.socket_id = 0;
    t.as(bare).at(2999).add(unreachable("10.0.9.1", 3));
    const Finding f = only(t.story());
    CHECK(f.rule == "connect-refused");
    CHECK(f.culprit == Culprit::path);
    CHECK(f.certainty == Certainty::proven);
    CHECK_THAT(f.headline, Contains("10.0.9.1 answered ICMP port unreachable"));
}

namespace {

void large_segment_lost(TraceBuilder& t, const Session& s, int rounds, std::uint32_t bytes = 1448) {
    client_opens(t, s, 0);
    for (int i = 0; i < rounds; ++i) {
        Retransmit again;
        again.what = Retransmit::What::rto;
        again.tcp.retransmits = static_cast<std::uint8_t>(i + 1);
        again.tcp.snd_una = again.seq = s.client.isn + 1;
        again.end_seq = again.seq + bytes;
        t.as(s.client).at(300 * (1 + i)).add(again);
    }
}

}  // namespace

TEST_CASE("path-mtu-blackhole: large segments vanish while the peer's FIN comes in") {
    auto t = trace();
    Session s = session(t, "edge", "edge");
    large_segment_lost(t, s, 4);
    t.as(s.client).at(2000).packet(false, tcp_flag::fin | tcp_flag::ack, s.client.peer_isn + 1, s.client.isn + 1).state(TcpState::established, TcpState::close_wait);
    const Finding f = only(t.story());
    CHECK(f.rule == "path-mtu-blackhole");
    CHECK(f.culprit == Culprit::path);
    CHECK(f.certainty == Certainty::likely);
    CHECK_THAT(f.headline, Contains("segments of 1448 bytes") && Contains("4 retransmits"));
}

TEST_CASE("no path-mtu-blackhole: the peer's FIN acknowledges what was sent again") {
    auto t = trace();
    Session s = session(t, "edge", "edge");
    large_segment_lost(t, s, 4);
    t.as(s.client).at(2000).packet(false, tcp_flag::fin | tcp_flag::ack, s.client.peer_isn + 1, s.client.isn + 1449).state(TcpState::established, TcpState::close_wait);
    for (const Finding& f : find_all(t.story())) CHECK(f.rule != "path-mtu-blackhole");
}

TEST_CASE("path-mtu-blackhole: the ICMP error was dropped by this host's own firewall") {
    auto t = trace();
    Session s = session(t, "edge", "edge");
    large_segment_lost(t, s, 3);
    Drop error = firewall(false, s.client.isn + 1, 0);
    error.icmp = true;
    error.icmp_type = 3;
    error.icmp_code = 4;
    at_host(t, s.client, error);
    const Finding f = only(t.story());
    CHECK(f.rule == "path-mtu-blackhole");
    CHECK(f.culprit == Culprit::local_firewall);
    CHECK_THAT(all_text(f), Contains("dropped the ICMP error"));
}

TEST_CASE("no path-mtu-blackhole: a dead path, two rounds, small segments, a message that arrived, or an answer at last") {
    const auto none = [](int rounds, std::uint32_t bytes, bool alive, bool told, bool acknowledged, bool closed = false) {
        auto t = trace();
        Session s = session(t, "edge", "edge");
        large_segment_lost(t, s, rounds, bytes);
        if (told) {
            Icmp too_big = unreachable("10.0.9.1", 4);
            too_big.mtu = 1280;
            End bare = s.client;
            bare.cookie = bare.socket_id = 0;
            t.as(bare).at(1500).add(too_big);
        }
        if (alive) t.as(s.client).at(2000).fin_in().state(TcpState::established, TcpState::close_wait);
        if (acknowledged) {
            Retransmit later;
            later.what = Retransmit::What::rto;
            later.tcp.snd_una = later.seq = s.client.isn + 1 + bytes;
            later.end_seq = later.seq + bytes;
            t.as(s.client).at(2100).add(later);
        }
        if (closed) t.as(s.client).at(2200).state(TcpState::established, TcpState::fin_wait1).state(TcpState::fin_wait1, TcpState::fin_wait2);
        const auto findings = find_all(t.story());
        INFO(all_text(findings));
        CHECK(findings.empty());
    };
    none(4, 1448, false, false, false);
    none(2, 1448, true, false, false);
    none(4, 200, true, false, false);
    none(4, 1448, true, true, false);
    none(4, 1448, true, false, true);
    none(4, 1448, true, false, false, true);
}
