// SYNs at a port where somebody listens, and what only the server's host tells of those that are not let in; whose frames they were.
#include <catch2/catch.hpp>

#include "support/findings.h"
#include "support/scenes.h"

using namespace tcpwitness;
using Catch::Contains;

namespace {

constexpr const char* limit = "tcp dport 5061 tcp flags & (syn | ack) == syn limit rate over 2/second burst 3 packets drop";

Drop dropped(std::uint32_t seq) {
    Drop made;
    made.reason = "NETFILTER_DROP";
    made.place = "nft_do_chain";
    made.caller = "ip_local_deliver";
    made.device = "eth-fe";
    made.flags = tcp_flag::syn;
    made.seq = seq;
    return made;
}

/// A front end that listens behind a packet filter, and is recorded alone.
struct Door {
    TraceBuilder t = trace();
    Session s = session(t, "fe", "fe");
    unsigned clients = 0;

    Door() {
        listen(t, s);
        t.environment(Environment::What::found, "nft_chain", "inet t i", "filter hook input priority 0 policy accept");
    }
    void rule(const std::string& text) { t.as(s.listener).at(0).environment(Environment::What::found, "nft_rule", "inet t i handle 4", text); }
    void device(const std::string& mac) { t.as(s.listener).at(0).environment(Environment::What::found, "device", "eth-fe", "up, veth, mtu 1500, " + mac); }
    void route(const std::string& name, const std::string& to) { t.as(s.listener).at(0).environment(Environment::What::found, "route", name, to); }

    End visitor(const std::string& address = "192.0.2.9") {
        End end = t.end("fe", "10.0.2.2:5061", address + ":" + std::to_string(40000 + clients++), task(50, "server"));
        end.peer_isn = 1000 * clients;
        return end;
    }
    /// Its SYN comes and is dropped so many times, a second apart.
    void keep_out(const End& end, double ms, int times, Drop drop) {
        End bare = end;
        bare.cookie = bare.socket_id = 0;
        for (int i = 0; i < times; ++i) t.as(bare).at(ms + 1000 * i).syn_in().add(drop);
    }
    void keep_out(const End& end, double ms, int times) { keep_out(end, ms, times, dropped(end.peer_isn)); }
    void let_in(const End& end, double ms) {
        t.as(end).at(ms).syn_in().syn_ack_out().at(ms + .2).state(TcpState::syn_recv, TcpState::established).at(ms + .3).accept(s.listener);
    }
    std::vector<Finding> found() {
        t.as(s.listener).at(20'000);
        return find_all(t.story());
    }
    Finding only() {
        const auto findings = found();
        INFO(all_text(findings));
        REQUIRE(findings.size() == 1);
        return findings[0];
    }
};

/// SYNs of one visitor that nothing answers, with this link-layer address in their frames; none: the link has no such addresses.
void unanswered(Door& door, std::optional<std::uint8_t> mac = {}) {
    End bare = door.visitor();
    bare.cookie = bare.socket_id = 0;
    for (const double at : {1000., 2000., 4000.}) {
        door.t.as(bare).at(at);
        if (mac) {
            door.t.look().destination_mac = {2, 0, 0, 0, 0, *mac};
            door.t.look().has_destination_mac = true;
        }
        door.t.syn_in();
    }
}

}  // namespace

TEST_CASE("local-drop: the server's own rule lets a number of SYNs in and makes the others late") {
    Door door;
    door.rule(limit);
    door.let_in(door.visitor(), 100);
    for (int i = 0; i < 2; ++i) {
        const End late = door.visitor();
        door.keep_out(late, 110 + i, 1);
        door.let_in(late, 1110 + i);
    }
    const Finding f = door.only();
    CHECK(f.rule == "local-drop");
    CHECK(f.culprit == Culprit::local_firewall);
    CHECK(f.certainty == Certainty::proven);
    CHECK_THAT(f.headline, Contains("2 connections of 192.0.2.9 to 10.0.2.2:5061 (server[50]) came 1.0 s late") && Contains("dropped 2 SYNs") && Contains("limit rate"));
    CHECK_THAT(all_text(f), Contains("that rule counts"));
    CHECK(f.connections.size() == 2);
}

TEST_CASE("local-drop: the server's own rule refuses some of a client's connections") {
    Door door;
    door.rule("tcp dport 5061 ct state new ct count over 3 reject with tcp reset");
    door.let_in(door.visitor(), 100);
    door.keep_out(door.visitor(), 500, 1);
    const Finding f = door.only();
    CHECK(f.rule == "local-drop");
    CHECK(f.culprit == Culprit::local_firewall);
    CHECK_THAT(f.headline, Contains("1 connect of 192.0.2.9 to 10.0.2.2:5061 (server[50]) was not let in") && Contains("rejected") && Contains("ct count over 3"));
}

TEST_CASE("a door that is closed to some clients on purpose, or a single late SYN, is nothing") {
    Door door;
    SECTION("none of that client's connections was ever let in") {
        door.rule("tcp dport 5061 ip saddr 192.0.2.0/24 drop");
        door.let_in(door.visitor("10.0.9.9"), 100);
        door.keep_out(door.visitor(), 500, 4);
    }
    SECTION("one connection was one second late") {
        door.rule(limit);
        door.let_in(door.visitor(), 100);
        const End late = door.visitor();
        door.keep_out(late, 500, 1);
        door.let_in(late, 1500);
    }
    SECTION("nobody listens there") {
        End elsewhere = door.visitor();
        elsewhere.flow.local.port = 22;
        door.let_in(door.visitor(), 100);
        door.keep_out(elsewhere, 500, 4);
    }
    SECTION("its rule names who may not come, and nobody else did") {
        door.rule("tcp dport 5061 ip saddr 192.0.2.0/24 drop");
        door.keep_out(door.visitor(), 500, 4);
    }
    SECTION("a single SYN of a passer-by") {
        door.rule("tcp dport 5061 drop");
        door.keep_out(door.visitor(), 500, 1);
    }
    SECTION("somebody who tries many ports") {
        door.rule("drop");
        for (std::uint16_t port = 5055; port < 5075; ++port) {
            End other = door.visitor();
            other.flow.local.port = port;
            door.keep_out(other, 500 + port, 2);
        }
    }
    CHECK(door.found().empty());
}

TEST_CASE("SYNs that a rule keeps off as its purpose is are counted, with the rule") {
    Door door;
    door.rule("tcp dport 22 drop");
    End elsewhere = door.visitor();
    elsewhere.flow.local.port = 22;
    door.keep_out(elsewhere, 500, 4);
    door.t.as(door.s.listener).at(20'000);
    const Judgement judged = judge(door.t.story());
    CHECK(judged.findings.empty());
    REQUIRE(judged.benign.size() == 1);
    CHECK(judged.benign[0].benign == std::string("kept-out"));
    CHECK_THAT(judged.benign[0].headline, Contains("192.0.2.9 -> 10.0.2.2:22") && Contains("tcp dport 22 drop"));
}

TEST_CASE("local-drop: a process listens, and the host's own rule lets nobody in") {
    Door door;
    const std::string rule = GENERATE(as<std::string>{}, "tcp dport 5061 reject with tcp reset", "drop", "tcp dport 5061 drop");
    door.rule(rule);
    for (int i = 0; i < 3; ++i) door.keep_out(door.visitor(), 500 + 100 * i, rule.find("reset") == std::string::npos ? 3 : 1);
    const Finding f = door.only();
    CHECK(f.rule == "local-drop");
    CHECK(f.culprit == Culprit::local_firewall);
    CHECK(f.certainty == Certainty::proven);
    CHECK_THAT(f.headline, Contains("3 connects of 192.0.2.9 to 10.0.2.2:5061 (server[50]) were not let in") && Contains(rule));
    CHECK_THAT(all_text(f), Contains("no client was let in there") && !Contains("others of the same client"));
}

TEST_CASE("local-drop: a host on the way lets nothing through to a service that its rule names; what its policy keeps off is its purpose") {
    Door door;
    const bool named = GENERATE(true, false);
    door.t.environment(Environment::What::found, "nft_chain", "inet t f", "filter hook forward priority 0 policy accept");
    if (named) door.t.environment(Environment::What::found, "nft_rule", "inet t f handle 8", "ip daddr 10.9.9.9 tcp dport 5061 jump none");
    door.t.environment(Environment::What::found, "nft_rule", named ? "inet t none handle 9" : "inet t f handle 9", "drop");
    End through = door.visitor();
    through.flow.local.address = endpoint("10.9.9.9:1").address;
    Drop drop = dropped(through.peer_isn);
    drop.caller = "ip_forward";
    door.keep_out(through, 500, 3, drop);
    if (!named) {
        CHECK(door.found().empty());
        return;
    }
    const Finding f = door.only();
    CHECK(f.rule == "local-drop");
    CHECK(f.culprit == Culprit::local_firewall);
    CHECK(f.certainty == Certainty::proven);
    CHECK_THAT(f.headline, Contains("1 connect of 192.0.2.9 to 10.9.9.9:5061 was not let through") && Contains("drop"));
}

TEST_CASE("local-drop: a rule hands packets to a program that is not there") {
    Door door;
    door.rule("tcp dport 5061 queue to 3");
    const End end = door.visitor();
    Drop drop = dropped(end.peer_isn);
    drop.reason = "NOT_SPECIFIED";
    drop.place = "nf_queue";
    door.keep_out(end, 500, 3, drop);
    const Finding f = door.only();
    CHECK(f.rule == "local-drop");
    CHECK(f.culprit == Culprit::local_firewall);
    CHECK_THAT(f.headline, Contains("NFQUEUE") && Contains("queue to 3"));
}

TEST_CASE("no-route: a listening socket cannot answer a client, because the way back is a dead end") {
    Door door;
    door.route("main default", "via 10.0.2.1 dev eth-fe");
    SECTION("a ban by a blackhole route") {
        door.route("main 192.0.2.9", "blackhole");
        unanswered(door);
        const Finding f = door.only();
        CHECK(f.rule == "no-route");
        CHECK(f.culprit == Culprit::local_configuration);
        CHECK(f.certainty == Certainty::likely);
        CHECK_THAT(f.headline, Contains("10.0.2.2:5061 (server[50]) does not answer 192.0.2.9") && Contains("a blackhole route (main 192.0.2.9)") && Contains("3 SYNs"));
    }
    SECTION("a more specific route leads there") {
        door.route("main 192.0.2.0/24", "blackhole");
        door.route("main 192.0.2.9", "via 10.0.2.7 dev eth-fe");
        unanswered(door);
        CHECK(door.found().empty());
    }
    SECTION("tables that rules choose may lead there") {
        door.route("main 192.0.2.9", "blackhole");
        door.route("100 default", "via 10.0.2.7 dev eth-fe");
        unanswered(door);
        CHECK(door.found().empty());
    }
}

TEST_CASE("connect-timeout: the frames were meant for another machine on the link") {
    Door door;
    door.device("02:00:00:00:00:02");
    door.t.environment(Environment::What::found, "address", "eth-fe 10.0.2.2/24", "");
    door.let_in(door.visitor("10.0.9.9"), 100);  // the address is this host's
    SECTION("an old neighbour entry") {
        unanswered(door, 1);
        const Finding f = door.only();
        CHECK(f.rule == "connect-timeout");
        CHECK(f.culprit == Culprit::path);
        CHECK(f.certainty == Certainty::likely);
        CHECK_THAT(f.headline, Contains("192.0.2.9 got no answer to 3 SYNs") && Contains("02:00:00:00:00:01"));
    }
    SECTION("frames for this host") {
        unanswered(door, 2);
        CHECK(door.found().empty());
    }
    SECTION("a link without such addresses") {
        unanswered(door);
        CHECK(door.found().empty());
    }
}

TEST_CASE("connect-timeout with both ends: frames for another machine are no proof against the host that they came to") {
    auto t = trace();
    Session s = session(t);
    listen(t, s);
    t.as(s.listener).at(0).environment(Environment::What::found, "device", "eth-fe", "up, veth, mtu 1500, 02:00:00:00:00:02");
    const auto mac = GENERATE(std::uint8_t{1}, std::uint8_t{2});
    client_times_out(t, s, 100);
    End bare = s.server;
    bare.cookie = bare.socket_id = 0;
    for (const double at : syn_times) {
        t.as(bare).at(100.2 + at).look().destination_mac = {2, 0, 0, 0, 0, mac};
        t.look().has_destination_mac = true;
        t.syn_in();
    }
    Story story = t.story();
    story.witnesses[s.server.witness].addresses = {s.server.flow.local.address};
    const auto findings = find_all(story);
    INFO(all_text(findings));
    REQUIRE(findings.size() == 1);
    CHECK(findings[0].rule == "connect-timeout");
    CHECK(findings[0].culprit == (mac == 1 ? Culprit::path : Culprit::peer_host));
    CHECK(findings[0].certainty == (mac == 1 ? Certainty::likely : Certainty::proven));
    if (mac == 1) CHECK_THAT(findings[0].headline, Contains("addressed to another machine (02:00:00:00:00:01)"));
}

TEST_CASE("what keeps clients out by a setting is told in words, and whose it is") {
    const auto [reason, words] = GENERATE(std::pair<std::string, std::string>{"TCP_MD5NOTFOUND", "demands TCP-MD5 signatures"}, std::pair<std::string, std::string>{"TCP_MINTTL", "higher TTL"},
                                          std::pair<std::string, std::string>{"XFRM_POLICY", "only encrypted"});
    Door door;
    const End visitor = door.visitor();
    Drop drop = dropped(visitor.peer_isn);
    drop.reason = reason;
    drop.place = "tcp_v4_rcv";
    drop.caller.clear();
    door.keep_out(visitor, 10, 4, drop);
    const Finding f = door.only();
    CHECK(f.culprit == Culprit::local_configuration);
    CHECK_THAT(f.headline, Contains(words) && Contains(reason));
}

TEST_CASE("a filter on the socket is its process's doing, unless a control group has one too; which of them it was the kernel does not tell") {
    const bool group = GENERATE(false, true);
    Door door;
    if (group) door.t.environment(Environment::What::found, "bpf_program", "7 deny_all", "cgroup packet filter on cgroup /web");
    const End visitor = door.visitor();
    Drop drop = dropped(visitor.peer_isn);
    drop.reason = "SOCKET_FILTER";
    drop.place = "tcp_v4_rcv";
    drop.caller.clear();
    door.keep_out(visitor, 10, 4, drop);
    const Finding f = door.only();
    CHECK(f.culprit == (group ? Culprit::local_firewall : Culprit::local_application));
    CHECK(f.certainty == Certainty::likely);
    CHECK_THAT(f.headline, Contains(group ? "deny_all" : "its process attached"));
}
