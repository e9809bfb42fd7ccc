// What the rules make of packets alone.
#include <catch2/catch.hpp>

#include <algorithm>

#include "support/capture_findings.h"

using namespace tcpwitness;
using namespace test;
using tcp_flag::ack, tcp_flag::fin, tcp_flag::psh, tcp_flag::rst, tcp_flag::syn;

namespace {

/// A capture on the client's host, or on the server's: the other end's packets have passed routers.
struct At {
    bool server;
    std::uint8_t client_ttl() const { return server ? 57 : 64; }
    std::uint8_t server_ttl() const { return server ? 64 : 57; }
    CaptureScript& handshake(CaptureScript& script) const {
        script.client({.at_ms = 0, .seq = 0, .flags = syn, .ttl = client_ttl()});
        script.server({.at_ms = 10, .seq = 0, .flags = syn | ack, .ttl = server_ttl()});
        return script.client({.at_ms = 20, .ttl = client_ttl()});
    }
};

}  // namespace

TEST_CASE("captures: SYNs that nobody answers") {
    CaptureScript script;
    const bool at_server = GENERATE(false, true);
    for (double at : {0.0, 1'000.0, 3'000.0, 7'000.0})
        script.client({.at_ms = at, .seq = 0, .flags = syn, .direction = static_cast<std::int8_t>(at_server ? -1 : 1)});
    const Finding f = only(script.until(60'000));
    CHECK(f.rule == "connect-timeout");
    CHECK(f.certainty == Certainty::possible);
    CHECK(f.culprit == (at_server ? Culprit::local_firewall : Culprit::path));
    CHECK(says(f, at_server ? "got no answer to 4 SYNs" : "no answer to 4 SYNs over 7.0 s to 192.0.2.9:443"));
    CHECK_FALSE(says(f, "ETIMEDOUT"));
    CHECK(f.evidence == std::vector<std::uint64_t>{1, 2, 3, 4});
}

TEST_CASE("captures: SYNs unanswered until the capture ended") {
    CaptureScript script;
    for (double at : {0.0, 1'000.0, 3'000.0, 7'000.0}) script.client({.at_ms = at, .seq = 0, .flags = syn, .direction = 1});
    const Finding f = only(script.until(8'000));
    CHECK(f.rule == "connect-timeout");
    CHECK(says(f, "unanswered until the capture ended"));
}

TEST_CASE("captures: a client that gives up with a RST") {
    CaptureScript script;
    for (double at : {0.0, 1'000.0, 3'000.0, 7'000.0}) script.client({.at_ms = at, .seq = 0, .ack = 0, .flags = syn, .direction = 1});
    const Finding f = only(script.client({.at_ms = 9'000, .seq = 1, .flags = rst | ack, .direction = 1}).until(10'000));
    CHECK(f.rule == "connect-timeout");
    CHECK(says(f, "no answer to 4 SYNs over 7.0 s"));
    CHECK(says(f, "it gave up with a RST, 9.0 s after the first SYN"));
}

TEST_CASE("captures: a refused connect, and a knock on this host") {
    CaptureScript script;
    const bool at_server = GENERATE(false, true);
    script.client({.at_ms = 0, .seq = 0, .flags = syn, .direction = static_cast<std::int8_t>(at_server ? -1 : 1)});
    script.server({.at_ms = 3, .seq = 0, .flags = rst | ack});
    const Finding f = only(script.until(10'000));
    CHECK(f.rule == (at_server ? "reset-sent" : "connect-refused"));
    CHECK(f.certainty == Certainty::likely);
    CHECK(says(f, at_server ? "nothing listens on 192.0.2.9:443" : "was refused after 3"));
}

TEST_CASE("captures: an ICMP error that refuses") {
    CaptureScript script;
    const Finding f = only(script.syn(0).icmp(5, 1));
    CHECK(f.rule == "host-unreachable");
    CHECK(f.certainty == Certainty::likely);
    CHECK_FALSE(says(f, "EHOSTUNREACH"));  // a capture knows no errno
    CHECK(f.culprit == Culprit::path);
    CHECK(says(f, "10.0.0.254"));
}

TEST_CASE("captures: a handshake that its client never completes") {
    CaptureScript script;
    script.client({.at_ms = 0, .seq = 0, .flags = syn, .ttl = 57});
    for (double at : {1.0, 1'001.0, 3'001.0, 7'001.0}) script.server({.at_ms = at, .seq = 0, .flags = syn | ack});
    const Finding f = only(script.until(60'000));
    CHECK(f.rule == "handshake-incomplete");
    CHECK(says(f, "sent again 3 times"));
}

TEST_CASE("captures: the RST of another machine bears its marks") {
    CaptureScript script;
    script.client({.at_ms = 0, .seq = 0, .flags = syn, .ttl = 63}).server({.at_ms = 0.02, .seq = 0, .flags = syn | ack});
    script.client({.at_ms = 0.05, .seq = 1, .ack = 0, .flags = rst, .ip_id = 0, .tsval = 0, .ttl = 64});
    script.client({.at_ms = 1'000, .seq = 0, .flags = syn, .ttl = 63}).server({.at_ms = 1'000.02, .seq = 777, .flags = syn | ack});
    script.client({.at_ms = 1'000.05, .seq = 1, .ack = 0, .flags = rst, .ip_id = 0, .tsval = 0, .ttl = 64});
    const Story story = story_from(script.until(30'000).finish());
    REQUIRE(story.connections.size() == 1);
    const auto findings = find_all(story);
    INFO(all_text(findings));
    REQUIRE(findings.size() == 1);
    CHECK(findings[0].rule == "reset-forged");
    CHECK(says(findings[0], "TTL 64"));
    CHECK(says(findings[0], "IP id 0"));
}

TEST_CASE("captures: a reset of either end") {
    const At at{GENERATE(false, true)};
    const bool by_server = GENERATE(false, true);
    CaptureScript script;
    at.handshake(script).client({.at_ms = 30, .len = 100, .flags = ack | psh, .ttl = at.client_ttl()});
    const Sent reset{.at_ms = 60, .seq = by_server ? 1u : 101u, .flags = rst, .ttl = by_server ? at.server_ttl() : at.client_ttl()};
    by_server ? script.server(reset) : script.client(reset);
    const Finding f = only(script.until(10'000));
    CHECK(f.rule == (by_server == at.server ? "reset-sent" : "reset-received"));
    if (f.rule == "reset-received") CHECK(says(f, by_server ? "100 bytes sent had not been acknowledged" : "data last came"));
}

TEST_CASE("captures: data sent again and again in vain") {
    CaptureScript script;
    At{false}.handshake(script).client({.at_ms = 30, .len = 100});
    for (double at : {330.0, 930.0, 2'130.0, 4'530.0}) script.client({.at_ms = at, .len = 100});
    const Finding f = only(script.until(60'000));
    CHECK(f.rule == "retransmission-timeout");
    CHECK(says(f, "4 retransmits to 192.0.2.9:443 stayed unanswered"));
    CHECK_FALSE(says(f, "ETIMEDOUT"));
}

TEST_CASE("captures: silence, then a RST to the first packet after it") {
    CaptureScript script;
    At{false}.handshake(script);
    for (double at : {30.0, 530.0, 1'030.0})
        script.client({.at_ms = at, .seq = static_cast<std::uint32_t>(1 + at / 5), .len = 100}).server({.at_ms = at + 10, .ack = static_cast<std::uint32_t>(101 + at / 5), .ttl = 57});
    // A device that has forgotten the connection has neither its window nor its numbers.
    const bool knew = GENERATE(false, true);
    script.client({.at_ms = 400'000, .seq = 307, .len = 100});
    knew ? script.server({.at_ms = 400'010, .ack = 407, .flags = static_cast<std::uint8_t>(rst | tcp_flag::ack), .ttl = 57}) : script.server({.at_ms = 400'010, .flags = rst, .ttl = 57});
    const Finding f = only(script.until(500'000));
    CHECK(f.rule == (knew ? "reset-received" : "idle-reset"));
    if (!knew) CHECK(says(f, "6 min 38 s"));
}

namespace {

/// Three probes of the client on an idle connection, 10 s apart, and whether the server answers each.
CaptureScript& probed(CaptureScript& script, std::vector<bool> answered, std::uint32_t payload = 0, At at = {false}) {
    double now = 60'000;
    for (const bool answer : answered) {
        script.client({.at_ms = now, .seq = 0, .len = payload, .ttl = at.client_ttl()});
        if (answer) script.server({.at_ms = now + 20, .ttl = at.server_ttl()});
        now += 10'000;
    }
    return script;
}

}  // namespace

TEST_CASE("captures: keepalive probes that nobody answers, then the prober's RST") {
    const At at{GENERATE(false, true)};
    const std::uint32_t payload = GENERATE(0u, 1u);  // Linux; others
    CaptureScript script;
    at.handshake(script);
    probed(script, {true, false, false, false}, payload, at).client({.at_ms = 100'000, .flags = rst | ack, .ttl = at.client_ttl()});
    const Finding f = only(script.until(120'000));
    CHECK(f.rule == "keepalive-timeout");
    CHECK(f.certainty == Certainty::possible);
    CHECK(f.culprit == (at.server ? Culprit::local_firewall : Culprit::path));
    CHECK(says(f, "3 keepalive probes to 192.0.2.9:443, one every 10.0 s, stayed unanswered, and it gave the connection up with a RST"));
    CHECK(says(f, "10.0 s before the first"));
    if (!payload) CHECK(f.evidence == std::vector<std::uint64_t>{5, 6, 7, 8, 9});
}

TEST_CASE("captures: keepalive probes that stay unanswered to the end") {
    CaptureScript script;
    At{false}.handshake(script);
    const Finding f = only(probed(script, {false, false}).until(71'500));
    CHECK(f.rule == "keepalive-timeout");
    CHECK(says(f, "2 keepalive probes"));
    CHECK(says(f, "to the end of the capture"));
    CaptureScript too_early;
    At{false}.handshake(too_early);
    CHECK(find_all(story_from(probed(too_early, {false, false}).until(70'500).finish())).empty());
}

TEST_CASE("captures: keepalive probes on a session whose beginning is missing show by the RST that follows") {
    CaptureScript script;
    probed(script, {false, false, false});
    const bool gives_up = GENERATE(true, false);
    script.client({.at_ms = 90'000, .seq = gives_up ? 1u : 0u, .flags = rst | ack}).until(120'000);
    const auto findings = find_all(story_from(script.finish()));
    const bool found = std::any_of(findings.begin(), findings.end(), [](const Finding& f) { return f.rule == "keepalive-timeout"; });
    CHECK(found == gives_up);
}

TEST_CASE("captures: probes that are answered, one that is lost, or an application's own RST between are no keepalive timeout") {
    const std::vector<bool> answered = GENERATE(std::vector<bool>{true, true, true, true}, std::vector<bool>{true, false, true, false, true}, std::vector<bool>{true, false});
    CaptureScript script;
    At{false}.handshake(script);
    CHECK(find_all(story_from(probed(script, answered).until(200'000).finish())).empty());
    CaptureScript closed;
    At{false}.handshake(closed);
    probed(closed, {false, false}).client({.at_ms = 72'000, .flags = rst | ack});
    CHECK(only(closed.until(200'000)).rule != "keepalive-timeout");
}

TEST_CASE("captures: a window that stays closed") {
    const At at{GENERATE(false, true)};
    CaptureScript script;
    at.handshake(script).client({.at_ms = 30, .len = 1'000, .ttl = at.client_ttl()}).server({.at_ms = 40, .ack = 1'001, .window = 0, .ttl = at.server_ttl()});
    for (int i = 0; i < 3; ++i)
        script.client({.at_ms = 500 + i * 1'000.0, .seq = 1'000, .ttl = at.client_ttl()}).server({.at_ms = 510 + i * 1'000.0, .ack = 1'001, .window = 0, .ttl = at.server_ttl()});
    script.server({.at_ms = 4'040, .ack = 1'001, .ttl = at.server_ttl()});
    const Finding f = only(script.until(5'000));
    CHECK(f.rule == "zero-window-stall");
    CHECK(f.culprit == (at.server ? Culprit::local_application : Culprit::peer_application));
    CHECK(says(f, "for 4.0 s"));
    CHECK(says(f, "asked 3 times"));
}

TEST_CASE("captures: a request that is acknowledged and not answered") {
    CaptureScript script;
    At{false}.handshake(script).client({.at_ms = 30, .len = 100}).server({.at_ms = 40, .ack = 101, .ttl = 57}).server({.at_ms = 9'030, .ack = 101, .len = 50, .ttl = 57});
    CHECK(only(script.until(10'000)).rule == "server-silent");
}

TEST_CASE("captures: small pieces that wait for delayed ACKs") {
    CaptureScript script;
    At{false}.handshake(script);
    std::uint32_t seq = 1;
    for (int i = 0; i < 5; ++i) {
        const double at = 100 + i * 100.0;
        script.client({.at_ms = at, .seq = seq, .len = 50}).server({.at_ms = at + 50, .ack = seq + 50, .ttl = 57}).client({.at_ms = at + 50.2, .seq = seq + 50, .len = 20});
        script.server({.at_ms = at + 60.5, .ack = seq + 70, .len = 10, .ttl = 57});
        seq += 70;
    }
    CHECK(only(script.until(10'000)).rule == "nagle-delayed-ack");
}

TEST_CASE("captures: keys that somebody types may wait for a delayed ACK now and then, and nobody misses anything") {
    CaptureScript script;
    At{false}.handshake(script);
    // Telnet: a byte each, of which three wait for no echo; SSH: of 36 bytes, most are echoed at once.
    const std::uint32_t key = GENERATE(1, 36);
    std::uint32_t typed = 1, echoed = 1;
    for (int i = 0; i < 20; ++i) {
        const double at = 100 + i * 300.0;
        const bool waits = i % 5 == 4;
        script.client({.at_ms = at, .seq = typed, .ack = echoed, .len = key});
        typed += key;
        if (waits) {
            script.server({.at_ms = at + 50, .seq = echoed, .ack = typed, .ttl = 57}).client({.at_ms = at + 50.2, .seq = typed, .ack = echoed, .len = key});
            typed += key;
        }
        script.server({.at_ms = at + 65, .seq = echoed, .ack = typed, .len = key, .ttl = 57}).client({.at_ms = at + 100, .seq = typed, .ack = echoed + key});
        echoed += key;
    }
    const auto findings = find_all(story_from(script.until(10'000).finish()));
    INFO(all_text(findings));
    CHECK(findings.empty());
}

TEST_CASE("captures: large segments vanish while small ones pass") {
    CaptureScript script;
    At{false}.handshake(script).client({.at_ms = 30, .len = 100}).server({.at_ms = 40, .ack = 101, .ttl = 57});
    script.client({.at_ms = 50, .seq = 101, .len = 1'400});
    for (double at : {350.0, 950.0, 2'150.0, 4'550.0}) script.client({.at_ms = at, .seq = 101, .len = 1'400});
    script.server({.at_ms = 5'000, .ack = 101, .len = 20, .ttl = 57});
    CHECK(only(script.until(5'500)).rule == "path-mtu-blackhole");
}

TEST_CASE("captures: a handshake that takes long") {
    CaptureScript script;
    script.syn(0).syn(1'000).syn(3'000).server({.at_ms = 3'010, .seq = 0, .flags = syn | ack, .ttl = 57}).client({.at_ms = 3'010.1}).close(3'100);
    CHECK(only(script.until(10'000)).rule == "handshake-slow");
}

TEST_CASE("captures: clean sessions of every usual kind yield nothing") {
    CaptureScript script;
    for (std::uint16_t port = 1; port <= 3'000; ++port) {
        const double at = port * 40.0;
        script.port(port).isn(port * 77'777u);
        script.client({.at_ms = at, .seq = 0, .flags = syn}).server({.at_ms = at + 5, .seq = 0, .flags = syn | ack, .ttl = 57}).client({.at_ms = at + 5.1});
        script.client({.at_ms = at + 6, .len = 100, .flags = ack | psh}).server({.at_ms = at + 12, .ack = 101, .len = 1'000, .flags = ack | psh, .ttl = 57});
        switch (port % 6) {
            case 0: script.close(at + 20, 100, 1'000); break;
            case 1: script.close(at + 20, 100, 1'000).server({.at_ms = at + 60, .seq = 1'002, .flags = rst, .ttl = 57}); break;  // late
            case 2:  // half-close
                script.client({.at_ms = at + 20, .seq = 101, .ack = 1'001, .flags = fin | ack}).server({.at_ms = at + 26, .seq = 1'001, .ack = 102, .len = 300, .ttl = 57});
                script.server({.at_ms = at + 27, .seq = 1'301, .ack = 102, .flags = fin | ack, .ttl = 57}).client({.at_ms = at + 27.1, .seq = 102, .ack = 1'302});
                break;
            case 3:  // a loss, repaired
                script.server({.at_ms = at + 300, .ack = 101, .len = 1'000, .ttl = 57}).client({.at_ms = at + 300.1, .seq = 101, .ack = 1'001}).close(at + 320, 100, 1'000);
                break;
            case 4:  // kept alive
                script.client({.at_ms = at + 13, .seq = 101, .ack = 1'001}).client({.at_ms = at + 60'000, .seq = 100, .ack = 1'001}).server({.at_ms = at + 60'006, .seq = 1'001, .ack = 101, .ttl = 57});
                break;
            default: break;  // stays open
        }
    }
    const auto findings = find_all(story_from(script.until(200'000).finish()));
    INFO(all_text(findings));
    CHECK(findings.empty());
}

TEST_CASE("captures: a message of a log beside it stands in the session that it travelled in") {
    CaptureScript script;
    script.handshake();
    Exhibit log;
    log.log = true;
    Event& event = log.events.emplace_back();
    event.time_ns = start_ns + 5 * ms;
    event.flow.peer = {*Address::parse("192.0.2.9"), 443};
    event.body = Message{.outgoing = true, .protocol = "SIP", .start_line = "OPTIONS sip:x SIP/2.0"};
    const Story story = story_of({exhibit_of(script.until(100).finish()), log});
    REQUIRE(story.connections.size() == 1);
    const auto& events = story.connections[0].events;
    const auto message = std::find_if(events.begin(), events.end(), [](const Event& one) { return one.as<Message>(); });
    REQUIRE(message != events.end());
    CHECK(message->id == 5);  // behind the frames
    CHECK(message > events.begin());
    CHECK(story.unmatched.empty());
}
