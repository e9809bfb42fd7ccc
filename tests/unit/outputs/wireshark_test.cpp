#include "outputs/wireshark.h"

#include <catch2/catch.hpp>

#include <algorithm>

#include "support/events.h"

using namespace tcpwitness;

namespace {

Finding about(std::vector<ConnectionId> connections, std::vector<std::uint64_t> evidence = {}) {
    Finding finding;
    finding.connections = std::move(connections);
    finding.evidence = std::move(evidence);
    return finding;
}

/// So many connects to one server, each of a SYN that is sent again and refused: frames 1, 2 and 3 of the first, 4 to 6 of the next.
Story refused(int count, const std::string& client = "10.0.1.2:", const std::string& server = "10.0.2.2:5061") {
    auto t = trace();
    std::uint64_t frame = 0;
    for (int i = 0; i < count; ++i) {
        const End edge = t.end("edge", client + std::to_string(40'000 + i), server, task(7, "dialer"));
        t.as(edge).at(i * 10'000).state(TcpState::close, TcpState::syn_sent);
        t.look().frame = ++frame;
        t.syn_out();
        t.look().frame = ++frame;
        t.look().marks = segment_mark::rto;
        t.after(1000).syn_out();
        t.look().frame = ++frame;
        t.after(10).rst_in().state(TcpState::syn_sent, TcpState::close);
    }
    return t.story();
}

std::vector<std::uint64_t> packets_of(const Connection& connection) {
    std::vector<std::uint64_t> ids;
    for (const Event& event : connection.events)
        if (event.as<Segment>()) ids.push_back(event.id);
    return ids;
}

std::uint64_t frame_shown(const Story& story, const Finding& finding) {
    const Event* packet = packet_to_show(story, finding);
    return packet ? packet->as<Segment>()->frame : 0;
}

}  // namespace

TEST_CASE("wireshark: the packet to show is evidence, a RST before a resend before the first") {
    const Story story = refused(1);
    const auto ids = packets_of(story.connections.at(0));
    REQUIRE(ids.size() == 3);
    CHECK(frame_shown(story, about({1}, ids)) == 3);
    CHECK(frame_shown(story, about({1}, {ids[0], ids[1]})) == 2);
    CHECK(frame_shown(story, about({1}, {ids[0]})) == 1);
    CHECK(frame_shown(story, about({1})) == 1);
    CHECK(frame_shown(story, about({})) == 0);
    CHECK(frame_shown(story, about({17}, ids)) == 0);
}

TEST_CASE("wireshark: of many connections the first is the example") {
    const Story story = refused(2);
    auto evidence = packets_of(story.connections.at(0));
    for (const std::uint64_t id : packets_of(story.connections.at(1))) evidence.push_back(id);
    std::sort(evidence.begin(), evidence.end());
    CHECK(frame_shown(story, about({2, 1}, evidence)) == 6);
}

TEST_CASE("wireshark: packets without a frame cannot be shown") {
    auto t = trace();
    t.as(t.end("edge", "10.0.1.2:40000", "10.0.2.2:5061")).at(0).state(TcpState::close, TcpState::syn_sent).syn_out();
    const Story story = t.story();
    CHECK(packet_to_show(story, about({1}, {1, 2})) == nullptr);
}

TEST_CASE("wireshark: a display filter for one connection, a few, and what many have in common") {
    const std::string first = "ip.addr == 10.0.1.2 && ip.addr == 10.0.2.2 && tcp.port == 40000 && tcp.port == 5061";
    CHECK(display_filter(refused(1), about({1})) == first);
    CHECK(display_filter(refused(1), about({1, 1})) == first);
    const std::string second = "ip.addr == 10.0.1.2 && ip.addr == 10.0.2.2 && tcp.port == 40001 && tcp.port == 5061";
    CHECK(display_filter(refused(2), about({1, 2})) == "(" + first + ") || (" + second + ")");
    CHECK(display_filter(refused(9), about({1, 2, 3, 4, 5, 6, 7, 8, 9})) == "ip.addr == 10.0.1.2 && ip.addr == 10.0.2.2 && tcp.port == 5061");
    CHECK(display_filter(refused(1, "[2001:db8::1]:", "[2001:db8::2]:443"), about({1})) ==
          "ipv6.addr == 2001:db8::1 && ipv6.addr == 2001:db8::2 && tcp.port == 40000 && tcp.port == 443");
    CHECK(display_filter(refused(1), about({})).empty());
}

TEST_CASE("wireshark: the command is one that a shell takes as it is") {
    CHECK(wireshark_command("case.pcapng", 17) == "wireshark -r case.pcapng -g 17");
    CHECK(wireshark_command("my case.pcapng", 1) == "wireshark -r 'my case.pcapng' -g 1");
    CHECK(wireshark_command("it's", 1) == "wireshark -r 'it'\\''s' -g 1");
    CHECK(wireshark_command("-x.pcap", 1) == "wireshark -r ./-x.pcap -g 1");
    CHECK(wireshark_command("a;reboot", 1) == "wireshark -r 'a;reboot' -g 1");
}
