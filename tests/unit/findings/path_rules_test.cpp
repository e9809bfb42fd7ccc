// What recorded hosts between the ends make of it: routers that drop, translators, hosts that do not know a connection, older connections.
#include <catch2/catch.hpp>

#include "base/text.h"
#include "support/judged.h"
#include "support/scenes.h"

using namespace tcpwitness;
using Catch::Contains;

namespace {

Drop forward_drop(std::uint32_t seq, std::uint8_t flags = tcp_flag::syn) {
    Drop made;
    made.reason = "NETFILTER_DROP";
    made.place = "nft_do_chain";
    made.caller = "ip_forward";
    made.flags = flags;
    made.seq = seq;
    made.device = "eth-edge";
    return made;
}

/// At a host that only forwards: as its own end would see it, towards the front end.
void at_mid(TraceBuilder& t, const Session& s, double ms, Drop drop) {
    End bare;
    bare.witness = t.witness("mid");
    bare.flow = s.client.flow.reversed();
    t.as(bare).at(ms).add(std::move(drop));
}

void gives_up(TraceBuilder& t, const Session& s, double ms, double after_ms) {
    t.as(s.client).at(ms).connect_enter().syn_sent().syn_out().timer_armed(1000).connect_exit(-EINPROGRESS);
    if (after_ms > 1000) t.at(ms + 1000).syn_retransmit().syn_out();
    t.at(ms + after_ms).wiped_close(TcpState::syn_sent).destroy();
}

void filter_of_mid(TraceBuilder& t, const char* rule) {
    End mid;
    mid.witness = t.witness("mid");
    t.as(mid).at(1).environment(Environment::What::found, "nft_chain", "inet t f", "filter hook forward priority 0 policy accept");
    t.environment(Environment::What::found, "nft_rule", "inet t f handle 4", rule);
}

void is_stray(TraceBuilder& t, WitnessId where, const Flow& flow, std::uint8_t flags, std::uint32_t ack) {
    End bare;
    bare.witness = where;
    bare.flow = flow;
    ResetSent reset;
    reset.reason = "NO_SOCKET";
    reset.answers_segment = true;
    reset.segment_flags = flags;
    reset.ack = ack;
    t.as(bare).without_cookie().add(reset);
}

}  // namespace

TEST_CASE("a router's drops explain a timeout, and each SYN must have met them") {
    for (const int drops : {3, 2}) {
        auto t = trace();
        Session s = session(t);
        filter_of_mid(t, "tcp dport 5061 drop");
        client_times_out(t, s, 100);
        for (int i = 0; i < drops; ++i) at_mid(t, s, 100.1 + syn_times[i], forward_drop(s.client.isn));
        const Finding f = only(t.story());
        INFO(all_text(f));
        CHECK(f.rule == "local-drop");
        CHECK(f.culprit == Culprit::local_firewall);
        CHECK(f.certainty == (drops == 3 ? Certainty::proven : Certainty::likely));
        CHECK_THAT(f.headline, Contains("mid dropped") && Contains("forward hook") && Contains("tcp dport 5061 drop") && Contains("on the way through"));
    }
}

TEST_CASE("an application that gives up before the kernel has the same cause; one that waited for nothing has none") {
    for (const double after_ms : {2500.0, 200.0}) {
        auto t = trace();
        Session s = session(t);
        gives_up(t, s, 100, after_ms);
        at_mid(t, s, 100.1, forward_drop(s.client.isn));
        if (after_ms > 1000) at_mid(t, s, 1100.1, forward_drop(s.client.isn));
        const Story story = t.story();
        if (after_ms > 1000) {
            const Finding f = only(story);
            CHECK(f.rule == "local-drop");
            CHECK(f.certainty == Certainty::proven);
            CHECK_THAT(f.headline, Contains("was given up after 2.5 s"));
        } else {
            const Judgement judged = judge(story);
            INFO(all_text(judged.findings));
            CHECK(judged.findings.empty());
            REQUIRE(judged.benign.size() == 1);
            CHECK(std::string(judged.benign.front().benign) == "withdrawn");
        }
    }
}

TEST_CASE("a drop of another try with the same ports is not this one's") {
    auto t = trace();
    Session s = session(t);
    client_times_out(t, s, 5000);
    for (const double at : syn_times) at_mid(t, s, 4900 + at, forward_drop(s.client.isn + 77));
    const auto findings = find_all(t.story());
    INFO(all_text(findings));
    for (const Finding& f : findings) CHECK(f.rule != "local-drop");
}

TEST_CASE("wrong checksums, and timestamps that go backwards, are a symptom: the path, likely") {
    for (const auto& [reason, told] : {std::pair("TCP_CSUM", "checksums were wrong"), std::pair("TCP_RFC7323_PAWS", "timestamps were older than those before")}) {
        auto t = trace();
        Session s = session(t);
        client_times_out(t, s, 100);
        for (const double at : syn_times) {
            Drop drop = forward_drop(s.client.isn);
            drop.reason = reason;
            drop.caller.clear();
            End bare = s.server;
            bare.cookie = bare.socket_id = 0;
            t.as(bare).at(100.1 + at).add(drop);
        }
        const Finding f = only(t.story());
        INFO(all_text(f));
        CHECK(f.rule == "local-drop");
        CHECK(f.culprit == Culprit::path);
        CHECK(f.certainty == Certainty::likely);
        CHECK_THAT(f.headline, Contains(told));
    }
}

TEST_CASE("a SYN-ACK from another address than was asked is named, and must acknowledge this SYN") {
    for (const bool of_ours : {true, false}) {
        auto t = trace();
        Session s = session(t, "edge", "edge");
        client_times_out(t, s, 100);
        Flow stranger = s.client.flow;
        stranger.peer = endpoint("10.0.9.9:5061");
        t.at(100.5);
        is_stray(t, s.client.witness, stranger, tcp_flag::syn | tcp_flag::ack, s.client.isn + (of_ours ? 1 : 2));
        const auto findings = find_all(t.story());
        INFO(all_text(findings));
        REQUIRE(findings.size() == 1);
        CHECK(findings[0].rule == (of_ours ? "wrong-address" : "connect-timeout"));
        if (!of_ours) continue;
        CHECK(findings[0].certainty == Certainty::proven);
        CHECK_THAT(findings[0].headline, Contains("10.0.9.9:5061") && Contains("10.0.2.2:5061"));
    }
}

TEST_CASE("a RST of a host that does not know the connection is neither forged nor a packet filter's") {
    auto t = trace();
    Session s = session(t, "edge", "old");
    listen(t, s);
    open(t, s, 100);
    t.at(5000);
    is_stray(t, t.witness("new"), s.client.flow.reversed(), tcp_flag::ack | tcp_flag::psh, 0);
    is_reset(t, s.client, 5000.2);
    const Finding f = only(t.story());
    INFO(all_text(f));
    CHECK(f.rule == "reset-received");
    CHECK(f.certainty == Certainty::proven);
    CHECK_THAT(f.headline, Contains("new does not know it") && Contains("the address was at old before"));
    CHECK_THAT(all_text(f), !Contains("packet filter"));
}

TEST_CASE("a host that does not know the connection may know it by another address: where its records are lost, nothing is proven") {
    auto t = trace();
    Session s = session(t, "edge", "old");
    open(t, s, 100);
    t.at(5000);
    is_stray(t, t.witness("new"), s.client.flow.reversed(), tcp_flag::ack | tcp_flag::psh, 0);
    is_reset(t, s.client, 5000.2);
    t.at(5001).add(Gap{t.info().started_ns, t.info().started_ns + 6'000'000'000, 12, "unknown"});
    const std::vector<Finding> findings = find_all(t.story());
    INFO(all_text(findings));
    const auto f = std::find_if(findings.begin(), findings.end(), [](const Finding& one) { return one.rule == std::string("reset-received"); });
    REQUIRE(f != findings.end());
    CHECK(f->certainty == Certainty::likely);
}

TEST_CASE("a SYN that meets an older connection: an ACK answered it") {
    auto t = trace();
    Session s = session(t, "edge", "edge");
    t.as(s.client).at(100).connect_enter().syn_sent().syn_out().timer_armed(1000);
    for (const double at : {100.3, 1100.3}) {
        ResetSent reset;
        reset.answers_segment = reset.has_socket = true;
        reset.segment_flags = tcp_flag::ack;
        reset.reason = "TCP_INVALID_ACK_SEQUENCE";
        t.at(at).add(reset);
    }
    t.at(1100).syn_retransmit().syn_out();
    t.at(7100).error(ETIMEDOUT).wiped_close(TcpState::syn_sent).connect_exit(-ETIMEDOUT).destroy();
    const auto findings = find_all(t.story());
    INFO(all_text(findings));
    REQUIRE_FALSE(findings.empty());
    CHECK(findings[0].rule == "connect-timeout");
    CHECK(findings[0].certainty == Certainty::likely);
    CHECK_THAT(findings[0].headline, Contains("met an older connection"));
}

namespace {

Finding denied(std::int32_t error, const std::vector<std::pair<const char*, const char*>>& programs) {
    auto t = trace();
    Task caller = task(100, "dialer");
    caller.cgroup = 7;
    t.info().cgroups[7] = "/system.slice/web.service";
    const End client = t.end("edge", "10.0.1.2:40000", "10.0.2.2:5061", caller);
    t.as(client).at(1);
    for (const auto& [name, what] : programs) t.environment(Environment::What::found, "bpf_program", name, what);
    t.as(client).at(100).connect_enter().connect_exit(-error).destroy();
    return only(t.story());
}

}  // namespace

TEST_CASE("connect() that is denied before anything is sent") {
    const auto names = [](std::int32_t error, const std::vector<std::pair<const char*, const char*>>& programs, const char* said) {
        const Finding f = denied(error, programs);
        INFO(all_text(f));
        CHECK(f.rule == "connect-denied");
        CHECK(f.culprit == Culprit::local_configuration);
        CHECK_THAT(f.headline, Contains(errno_name(error)) && Contains(said));
        CHECK_THAT(all_text(f), Contains("dialer[100] runs in web.service"));
    };
    const char* anyone = "by a BPF program of its control group, a seccomp filter, or a security module";
    names(EPERM, {{"77 denies4", "cgroup address hook"}}, "most likely by BPF program 77 denies4");
    names(EPERM, {}, anyone);
    names(EPERM, {{"77 a", "cgroup address hook on cgroup /system.slice"}, {"78 b", "cgroup address hook on cgroup /system.slice/web"}}, "most likely by BPF program 77 a");
    names(EPERM, {{"77 a", "cgroup address hook on cgroup /user.slice, /system.slice/db.service"}}, anyone);
    names(EPERM, {{"77 a", "cgroup address hook on cgroup /"}, {"78 b", "cgroup address hook on cgroup /system.slice/web.service"}}, anyone);
    names(EACCES, {{"77 a", "cgroup address hook on cgroup /"}}, "EACCES: by a security module");  // not what such a program makes of it
    names(EACCES, {{"79 guard", "security hook by a link"}}, "most likely by BPF program 79 guard");
}

TEST_CASE("an idle connection whose packets vanish is dead by its idle time, while it still tries") {
    for (const double quiet_ms : {20'000.0, 5'000.0}) {
        auto t = trace();
        Session s = session(t, "edge", "edge");
        client_opens(t, s, 100);
        const double woke = 200 + quiet_ms;
        t.as(s.client).at(woke).timer_armed(200);
        TcpNumbers tcp;
        tcp.recv_idle_ms = static_cast<std::uint32_t>(quiet_ms);
        for (std::uint8_t round = 1; round <= 4; ++round) {
            tcp.backoff = round;
            tcp.recv_idle_ms += 200u << round;
            tcp.rto_us = 200'000u << round;
            t.at(woke + (200 << round)).rto(round, tcp);
        }
        t.at(woke + 4000);
        const auto findings = find_all(t.story());
        INFO(all_text(findings));
        const bool idle = std::any_of(findings.begin(), findings.end(), [](const Finding& f) { return f.rule == "idle-reset" && f.culprit == Culprit::path; });
        CHECK(idle == (quiet_ms > 10'000));
    }
}

namespace {

/// What mid sees of the handshake: each step comes in on one device and leaves on the other.
void passes_mid(TraceBuilder& t, const Session& s, double ms, bool syn, bool syn_ack) {
    const std::uint32_t left = t.interface("mid", "eth-edge"), right = t.interface("mid", "eth-fe");
    End in;
    in.witness = t.witness("mid");
    in.flow = s.client.flow.reversed();
    in.isn = s.client.peer_isn;
    in.peer_isn = s.client.isn;
    End out = in;
    out.flow = s.client.flow;
    std::swap(out.isn, out.peer_isn);
    if (syn) {
        t.as(in).at(ms + .05).on(left).syn_in();
        t.as(out).at(ms + .06).on(right).syn_out();
    }
    if (syn_ack) {
        t.as(out).at(ms + .2).on(right).syn_ack_in();
        t.as(in).at(ms + .21).on(left).syn_ack_out();
    }
}

/// An open connection whose segments mid's filter drops.
Finding dropped_by_stateful_filter(bool syn, bool syn_ack, bool lost = false) {
    auto t = trace();
    Session s = session(t, "edge", "edge");
    s.client.peer_isn = 777'000;
    filter_of_mid(t, "ct state invalid drop");
    client_opens(t, s, 100);
    passes_mid(t, s, 100, syn, syn_ack);
    if (lost) t.gap(90, 120, 3);
    for (std::uint8_t round = 1; round <= 4; ++round) {
        at_mid(t, s, 200 * round + 100, forward_drop(s.client.isn + 1, tcp_flag::ack | tcp_flag::psh));
        if (round > 1) t.as(s.client).at(200 * round + 99).rto(round);
    }
    for (const Finding& f : find_all(t.story()))
        if (f.rule == "local-drop") return f;
    return {};
}

}  // namespace

TEST_CASE("a stateful filter on an asymmetric path: which step of the handshake never came through it") {
    const auto told = [](bool syn, bool syn_ack, bool lost = false) {
        const Finding f = dropped_by_stateful_filter(syn, syn_ack, lost);
        INFO(all_text(f));
        CHECK(f.rule == "local-drop");
        CHECK(f.culprit == Culprit::local_firewall);
        return f.headline.find("the SYN-ACK of this handshake took another way") != std::string::npos;
    };
    CHECK(told(true, false));
    CHECK_FALSE(told(true, true));         // it forgot the connection, or never liked it
    CHECK_FALSE(told(false, false));       // it came onto this path later
    CHECK_FALSE(told(true, false, true));  // the record may be missing
}

TEST_CASE("a host that let each SYN through is not suspected, whatever its rules dropped of others") {
    for (const bool left : {true, false}) {
        auto t = trace();
        Session s = session(t, "edge", "edge");
        filter_of_mid(t, "ct state invalid drop");
        End mid;
        mid.witness = t.witness("mid");
        t.as(mid).at(9000).add(Environment{Environment::What::counted, false, "nft_counter", "inet t f handle 4", "0 packets", "8 packets"});
        client_times_out(t, s, 100);
        const std::uint32_t from = t.interface("mid", "eth-edge"), to = t.interface("mid", "eth-fe");
        for (const double at : syn_times) {
            mid.flow = s.client.flow.reversed();
            mid.peer_isn = s.client.isn;
            t.as(mid).at(100.1 + at).on(from).syn_in();
            mid.flow = s.client.flow;
            mid.isn = s.client.isn;
            if (left) t.as(mid).at(100.2 + at).on(to).syn_out();
        }
        const Finding f = only(t.story());
        INFO(all_text(f));
        CHECK(f.rule == "connect-timeout");
        CHECK((all_text(f).find("ct state invalid") == std::string::npos) == left);
        CHECK((all_text(f).find("mid let the SYN through: it left on eth-fe") != std::string::npos) == left);
    }
}

TEST_CASE("a drop by tc names its program where the device has one only") {
    for (const int programs : {0, 1, 2}) {
        auto t = trace();
        Session s = session(t);
        End host = s.server;
        host.cookie = host.socket_id = 0;
        t.as(host).at(1).environment(Environment::What::found, "tc_filter", "eth-edge ingress pref 1 all 0x1", programs ? "BPF program 7 (guard), decides itself" : "matches all, action pass");
        if (programs != 1) t.environment(Environment::What::found, "tc_filter", programs ? "eth-edge ingress tcx" : "eth-other ingress tcx", "BPF program 8 (other)");
        client_times_out(t, s, 100);
        for (const double at : syn_times) {
            Drop drop = forward_drop(s.client.isn);
            drop.reason = "TC_INGRESS";
            drop.caller.clear();
            if (!programs) drop.device = "eth-none";
            t.as(host).at(100.1 + at).add(drop);
        }
        const Finding f = only(t.story());
        INFO(all_text(f));
        CHECK(f.rule == "local-drop");
        CHECK(f.culprit == Culprit::local_firewall);
        CHECK_THAT(f.headline, Contains(programs == 0 ? "TC_INGRESS in" : programs == 1 ? "7 (guard)" : "one of its 2 tc filters on eth-edge ingress"));
    }
}
