#include <catch2/catch.hpp>

#include <cerrno>

#include "findings/interposers.h"
#include "support/findings.h"
#include "support/scenes.h"

using namespace tcpwitness;

namespace {

Environment found(const char* topic, const char* name, const char* value) { return {Environment::What::found, false, topic, name, "", value}; }

/// A connect that is refused by a RST which came in on the device.
End refused(TraceBuilder& t, const char* device) {
    const std::uint32_t interface = t.interface("edge", device);
    End client = t.end("edge", "10.0.1.2:40000", "10.0.2.2:5061", task(100, "dialer"));
    client.peer_isn = 77;
    t.as(client).at(1).connect_enter().syn_sent();
    t.on(interface).rst_in().reset_received().error(ECONNREFUSED).wiped_close(TcpState::syn_sent).connect_exit(-ECONNREFUSED).destroy();
    return client;
}

const Finding& only(const std::vector<Finding>& findings) {
    INFO(all_text(findings));
    REQUIRE(findings.size() == 1);
    return findings.front();
}

}  // namespace

TEST_CASE("a RST in another host's name that came in on lo is this host's own, and the rule is named") {
    auto t = trace();
    refused(t, "lo");
    t.at(0).add(found("nft_rule", "inet t o handle 2", "tcp dport 22 reject with tcp reset"));
    t.add(found("nft_rule", "inet t o handle 3", "tcp dport 5061 reject with tcp reset"));
    t.at(9).add(Environment{Environment::What::counted, false, "nft_counter", "inet t o handle 3", "0 packets", "1 packets"});
    const Story story = t.story();
    const auto findings = find_all(story);
    const Finding& f = only(findings);
    CHECK(f.rule == "interposer");
    CHECK(f.culprit == Culprit::local_firewall);
    CHECK(f.certainty == Certainty::proven);
    CHECK(f.settle.empty());
    const std::string text = all_text(f);
    CHECK(text.find("handle 3") != std::string::npos);
    CHECK(text.find("handle 2") == std::string::npos);
}

TEST_CASE("without the host's rules it is likely only") {
    auto t = trace();
    refused(t, "lo");
    const auto findings = find_all(t.story());
    const Finding& f = only(findings);
    CHECK(f.rule == "interposer");
    CHECK(f.certainty == Certainty::likely);
    CHECK_FALSE(f.settle.empty());
}

TEST_CASE("a refusal from outside stays one, and names what on this host could have made it") {
    auto t = trace();
    refused(t, "eth0");
    SECTION("a rule that can match") {
        t.at(0).add(found("nft_rule", "inet t o handle 3", "tcp dport 5061 reject with tcp reset"));
        const auto findings = find_all(t.story());
        CHECK(only(findings).rule == "connect-refused");
        CHECK(all_text(findings).find("there is software that can do this: nftables rule inet t o handle 3") != std::string::npos);
    }
    SECTION("rules that cannot") {
        t.at(0).add(found("nft_rule", "a", "tcp dport 5062 reject with tcp reset"));
        t.add(found("nft_rule", "b", "tcp dport 5061 drop"));    // a drop sends no RST
        t.add(found("nft_rule", "c", "tcp dport 5061 accept"));
        t.add(found("nft_chain", "d", "filter hook input priority 0 policy drop"));
        t.add(found("route", "main default", "via 10.0.1.1"));
        t.add(Environment{Environment::What::gone, false, "nft_rule", "e", "tcp dport 5061 reject with tcp reset", ""});
        const auto findings = find_all(t.story());
        CHECK(only(findings).rule == "connect-refused");
        CHECK(all_text(findings).find("nftables") == std::string::npos);
    }
    SECTION("a rule of another host") {
        t.as(t.end("other", "10.0.9.9:1", "10.0.9.8:1")).at(0).add(found("nft_rule", "a", "tcp dport 5061 reject with tcp reset"));
        CHECK(all_text(find_all(t.story())).find("nftables") == std::string::npos);
    }
}

TEST_CASE("where the kernel told that nobody listens, no software is suspected") {
    auto t = trace();
    Session s = session(t);
    t.as(s.client).at(0).add(found("xdp", "eth-fe", "BPF program 3 (x), generic"));
    t.as(s.server).at(0).add(found("xdp", "eth-edge", "BPF program 4 (x), generic"));
    t.as(s.client).at(100).connect_enter().syn_sent().syn_out();
    t.as(s.server).at(100.1).syn_in().reset_without_socket("NO_SOCKET").rst_out();
    t.as(s.client).at(100.2).rst_in().reset_received().error(ECONNREFUSED).wiped_close(TcpState::syn_sent).connect_exit(-ECONNREFUSED).destroy();
    const auto findings = find_all(t.story());
    const Finding& f = only(findings);
    CHECK(f.culprit == Culprit::local_configuration);
    CHECK(f.certainty == Certainty::proven);
    CHECK(all_text(findings).find("there is software") == std::string::npos);
}

TEST_CASE("a host with a firewall and healthy traffic raises nothing, but says what there is") {
    auto t = trace();
    Session s = session(t);
    listen(t, s);
    open(t, s, 10);
    closes_first(t, s.client, 20);
    closes_second(t, s.server, 20);
    t.as(s.client).at(0).add(found("nft_rule", "inet t i handle 1", "drop"));
    t.add(found("xdp", "eth0", "BPF program 3 (x), generic"));
    const Story story = t.story();
    CHECK(find_all(story).empty());
    CHECK(interposers_text(story) == "XDP on eth0 (BPF program 3 (x), generic) in edge, nftables in edge (1 rule that drops, rejects or redirects)");
}

TEST_CASE("the words of a rule exclude a flow only where they say so") {
    const Flow v4{endpoint("10.0.1.2:40000"), endpoint("10.0.2.2:5061")};
    CHECK(may_touch("drop", v4));
    CHECK(may_touch("tcp dport 5061 drop", v4));
    CHECK(may_touch("tcp sport 5061 drop", v4));  // the way back
    CHECK(may_touch("tcp dport { 22, 5060-5070 } drop", v4));
    CHECK(may_touch("tcp dport != 22 drop", v4));
    CHECK(may_touch("tcp dport @ports drop", v4));
    CHECK(may_touch("tcp dport >= 1000 drop", v4));
    CHECK(may_touch("ip saddr 10.0.0.0/16 drop", v4));
    CHECK(may_touch("ct state invalid drop", v4));
    CHECK_FALSE(may_touch("tcp dport 22 drop", v4));
    CHECK_FALSE(may_touch("tcp dport { 22, 80-90 } drop", v4));
    CHECK_FALSE(may_touch("tcp sport 5061 tcp dport 22 drop", v4));
    CHECK_FALSE(may_touch("ip daddr 192.0.2.0/24 tcp dport 5061 drop", v4));
    CHECK_FALSE(may_touch("ip6 saddr fe80::/10 drop", v4));
    CHECK_FALSE(may_touch("udp dport 5061 drop", v4));
    CHECK_FALSE(may_touch("meta l4proto udp drop", v4));
    const Flow v6{endpoint("[2001:db8::1]:40000"), endpoint("[2001:db8::2]:5061")};
    CHECK(may_touch("ip6 daddr 2001:db8::/32 tcp dport 5061 drop", v6));
    CHECK_FALSE(may_touch("ip saddr 10.0.0.0/8 drop", v6));
}
