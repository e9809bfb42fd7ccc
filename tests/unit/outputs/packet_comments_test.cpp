#include "outputs/packet_comments.h"

#include <catch2/catch.hpp>

#include "support/events.h"

using namespace tcpwitness;

namespace {

/// sipd's connect: the SYN is frame 2 of the file, sent again as frame 5, refused by frame 7.
struct Refused {
    Story story;
    std::vector<Finding> findings;
    std::vector<const Finding*> ranked;

    Refused() {
        auto t = trace();
        const End edge = t.end("edge", "10.0.1.2:40000", "10.0.2.2:5061", task(4711, "sipd"));
        t.as(edge).at(0).connect_enter().state(TcpState::close, TcpState::syn_sent);
        t.look().frame = 2;
        t.syn_out().timer_armed(1000);
        t.at(1000).syn_retransmit();
        t.look().frame = 5;
        t.syn_out();
        t.look().frame = 7;
        t.at(1500).rst_in().reset_received().error(ECONNREFUSED).state(TcpState::syn_sent, TcpState::close);
        story = t.story();
        for (const char* rule : {"first-rule", "second-rule"}) {
            Finding finding;
            finding.rule = rule;
            finding.headline = "who did it\033[31m";
            for (const Event& event : story.connections.at(0).events)
                if (event.as<Segment>() && event.as<Segment>()->rst()) finding.evidence = {event.id};
            finding.connections = {story.connections[0].id};
            findings.push_back(finding);
        }
        findings[1].evidence.insert(findings[1].evidence.begin(), story.connections[0].events[2].id);  // the first SYN
        for (const Finding& finding : findings) ranked.push_back(&finding);
    }
    PacketComments comments(const OutputOptions& options = {}) const { return {story, ranked, options}; }
};

}  // namespace

TEST_CASE("comments: a connection's first packet says whose it is and what went with it") {
    const Refused made;
    const auto lines = made.comments().of(2);
    REQUIRE(lines.size() == 4);
    CHECK(lines[0] == "finding [2] second-rule: who did it?[31m");
    CHECK(lines[1] == "client: sipd[4711]");
    CHECK(lines[2].starts_with("client: state CLOSE -> SYN_SENT"));
    CHECK(lines[3].starts_with("client: RTO timer armed"));
}

TEST_CASE("comments: a resend, and the reset that ends it with its findings first") {
    const Refused made;
    const PacketComments comments = made.comments();
    REQUIRE(comments.of(5).size() == 1);
    CHECK(comments.of(5)[0].find("retransmit") != std::string::npos);
    const auto reset = comments.of(7);
    REQUIRE(reset.size() >= 4);
    CHECK(reset[0].starts_with("finding [1] first-rule: "));
    CHECK(reset[1].starts_with("finding [2] second-rule: "));
    CHECK(reset.back().starts_with("client: state SYN_SENT -> CLOSE"));
}

TEST_CASE("comments: nothing for other packets, and only chosen connections besides findings") {
    const Refused made;
    const PacketComments all = made.comments();
    for (const std::uint64_t frame : {0, 1, 3, 4, 6, 8, 1'000'000}) CHECK(all.of(frame).empty());
    OutputOptions none;
    none.selected = [](const Connection&) { return false; };
    CHECK(made.comments(none).of(5).empty());
}

TEST_CASE("comments: what a capture tells about a packet by itself") {
    auto t = trace();
    const End edge = t.end("edge", "10.0.1.2:40000", "10.0.2.2:5061");
    t.as(edge).at(0).error(0);  // packets alone make no connection
    t.look().frame = 1;
    t.syn_out();
    t.look().frame = 2;
    t.look().marks = segment_mark::rto;
    t.at(1000).syn_out();
    t.look().frame = 3;
    t.look().marks = segment_mark::zero_window;
    t.at(2000).packet(false, tcp_flag::ack, 1, 1);
    const Story story = t.story();
    const PacketComments comments(story, {}, {});
    CHECK(comments.of(1).empty());
    REQUIRE(comments.of(2).size() == 1);
    CHECK(comments.of(2)[0].find("retransmission") != std::string::npos);
    REQUIRE(comments.of(3).size() == 1);
    CHECK(comments.of(3)[0].find("window") != std::string::npos);
}

TEST_CASE("comments: a capture's ICMP errors and markers, whatever is chosen") {
    auto t = trace();
    const End edge = t.end("edge", "10.0.1.2:40000", "10.0.2.2:5061", task(4711, "sipd"));
    End loopback = t.end("edge", "127.0.0.1:0", "127.0.0.1:0");
    loopback.cookie = loopback.socket_id = 0;
    Icmp icmp;
    icmp.sender = *Address::parse("10.0.1.254");
    icmp.type = 3;
    icmp.code = 1;
    icmp.frame = 4;
    t.as(edge).at(0).connect_enter().state(TcpState::close, TcpState::syn_sent).add(icmp);
    icmp = {};
    icmp.type = 8;
    icmp.marker = "begin";
    icmp.frame = 6;
    t.as(loopback).at(10).add(icmp);
    const Story story = t.story();
    const PacketComments comments(story, {}, {});
    REQUIRE(comments.of(4).size() == 1);
    CHECK(comments.of(4)[0].starts_with("ICMP host unreachable in from 10.0.1.254"));
    OutputOptions none;
    none.selected = [](const Connection&) { return false; };
    const PacketComments few(story, {}, none);
    CHECK(few.of(4).empty());
    REQUIRE(few.of(6).size() == 1);
    CHECK(few.of(6)[0].starts_with("marker \"begin\""));
    OutputOptions other;  // the frames of another file
    other.recording = 1;
    CHECK(PacketComments(story, {}, other).of(6).empty());
}

TEST_CASE("comments: two ends in one file are told apart") {
    auto t = trace();
    End edge = t.end("edge", "10.0.1.2:40000", "10.0.2.2:5061", task(4711, "sipd"));
    const End fe = t.opposite(edge, "fe", task(12, "frontend"));
    t.as(edge).at(0).connect_enter().state(TcpState::close, TcpState::syn_sent);
    t.look().frame = 1;
    t.syn_out();
    t.as(fe);
    t.look().frame = 2;
    t.syn_in();
    t.at(1).state(TcpState::syn_recv, TcpState::established).accept(fe);
    const Story story = t.story();
    const PacketComments comments(story, {}, {});
    REQUIRE(comments.of(1).size() >= 1);
    CHECK(comments.of(1)[0] == "edge (client): sipd[4711]");
    REQUIRE(comments.of(2).size() >= 1);
    CHECK(comments.of(2)[0] == "fe (server): frontend[12]");
}
