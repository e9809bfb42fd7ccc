// Never cry wolf: healthy connections of every usual kind, and nothing to tell.
#include <catch2/catch.hpp>

#include "support/findings.h"
#include "support/scenes.h"

using namespace tcpwitness;

TEST_CASE("10,000 clean connections of every usual close pattern yield no finding") {
    auto t = trace();
    Session first = session(t);
    listen(t, first);
    const auto pattern = [&](int i, double ms) {
        Session s = session(t, i % 3 ? "edge" : "fe", i % 5 ? "fe" : "edge", 20000 + i % 40000);
        s.listener = first.listener;
        const bool one_side = i % 7 == 0;
        if (one_side) client_opens(t, s, ms); else open(t, s, ms);
        switch (i % 8) {
            case 0: closes_first(t, s.client, ms + 5); if (!one_side) closes_second(t, s.server, ms + 5); break;
            case 1: closes_second(t, s.client, ms + 5); if (!one_side) closes_first(t, s.server, ms + 5); break;
            case 2:  // both at once
                t.as(s.client).at(ms + 5).state(TcpState::established, TcpState::fin_wait1).fin_out().at(ms + 5.2).fin_in();
                t.state(TcpState::fin_wait1, TcpState::closing).wiped_close(TcpState::closing).destroy();
                break;
            case 3:  // RST after both FINs
                closes_first(t, s.client, ms + 5);
                if (!one_side) {
                    t.as(s.server).at(ms + 5.1).fin_in().state(TcpState::established, TcpState::close_wait).state(TcpState::close_wait, TcpState::last_ack).fin_out();
                    t.at(ms + 7).rst_in().reset_received().wiped_close(TcpState::last_ack).destroy();
                }
                break;
            case 4:  // half-close: the client says it is done, the server answers later
                t.as(s.client).at(ms + 3).shutdown_call();
                closes_first(t, s.client, ms + 5);
                if (!one_side) closes_second(t, s.server, ms + 5);
                break;
            case 5:  // a retransmit on the way, then a clean end
                t.as(s.client).at(ms + 3).rto(1);
                closes_first(t, s.client, ms + 5);
                if (!one_side) closes_second(t, s.server, ms + 5);
                break;
            case 6:  // the TIME_WAIT socket answers a late segment
                closes_first(t, s.client, ms + 5);
                if (!one_side) closes_second(t, s.server, ms + 5);
                t.as(s.client).at(ms + 8).reset_without_socket("TCP_TIMEWAIT_SOCKET", tcp_flag::ack).rst_out();
                break;
            default: break;  // stays open
        }
    };
    for (int i = 0; i < 10'000; ++i) pattern(i, 10 + i * 2.0);
    const Story story = t.story();
    CHECK(story.connections.size() >= 10'000);
    const auto findings = find_all(story);
    INFO(all_text(findings));
    CHECK(findings.empty());
}
