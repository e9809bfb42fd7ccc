// Law 3: no finding has as its effect what happened before it.
#include <catch2/catch.hpp>

#include "support/findings.h"
#include "support/scenes.h"

using namespace tcpwitness;
using Catch::Contains;

namespace {

bool has_effect(const Finding& f, const std::string& rule) {
    for (const std::string& reason : f.reasons)
        if (reason.find("its effect (" + rule + ")") != std::string::npos) return true;
    return false;
}

}  // namespace

TEST_CASE("a RST of our own is no effect of the RST that answered it") {
    auto t = trace();
    Session s = session(t, "edge", "edge");
    client_opens(t, s, 100);
    aborts(t, s.client, 5000, "TCP_ABORT_ON_CLOSE", 12);
    t.as(s.client).at(5010).rst_in();
    const auto findings = find_all(t.story());
    INFO(all_text(findings));
    REQUIRE_FALSE(findings.empty());
    CHECK(findings.front().rule == "reset-sent");
    for (const Finding& f : findings) CHECK_FALSE(has_effect(f, "reset-sent"));
}

TEST_CASE("a silence that a reset ended is no effect of that reset") {
    auto t = trace();
    Session s = session(t);
    listen(t, s);
    open(t, s, 100);
    for (std::uint8_t round = 1; round <= 5; ++round) {
        TcpNumbers tcp;
        tcp.backoff = round;
        t.as(s.client).at(1000 + 400.0 * (1 << round)).rto(round, tcp);
    }
    is_reset(t, s.client, 15'000, 14'000, 100);
    for (const Finding& f : find_all(t.story())) {
        INFO(all_text(f));
        if (f.rule.starts_with("reset")) CHECK_FALSE(has_effect(f, "retransmission-timeout"));
    }
}

TEST_CASE("the refusal of a closed port has the kernel's RST as its effect, not the other way round") {
    auto t = trace();
    Session s = session(t);
    t.as(s.client).at(100).connect_enter().syn_sent().syn_out();
    t.as(s.server).at(100.1).syn_in().reset_without_socket("NO_SOCKET").rst_out();
    t.as(s.client).at(100.3).rst_in().reset_received().error(ECONNREFUSED).wiped_close(TcpState::syn_sent).connect_exit(-ECONNREFUSED).destroy();
    const auto findings = find_all(t.story());
    INFO(all_text(findings));
    REQUIRE(findings.size() == 1);
    CHECK(findings[0].rule == "connect-refused");
    CHECK(findings[0].culprit == Culprit::local_configuration);
    CHECK_THAT(findings[0].headline, Contains("nothing listens on 10.0.2.2:5061 on fe"));
    CHECK(has_effect(findings[0], "reset-sent"));
}
