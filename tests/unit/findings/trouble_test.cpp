// What counts as trouble, and where it ends when no rule explains it: unexplained, or a benign pattern.
#include <catch2/catch.hpp>

#include <set>

#include "findings/benign.h"
#include "findings/trouble.h"
#include "findings/unexplained.h"
#include "support/findings.h"
#include "support/scenes.h"

using namespace tcpwitness;
using Catch::Contains;

namespace {

/// The client's half alone, and its story.
struct Client {
    TraceBuilder t = trace();
    Session s = session(t, "edge", "edge");

    TraceBuilder& at(double ms) { return t.as(s.client).at(ms); }
    void dials(double ms = 0) { at(ms).connect_enter().syn_sent().syn_out(); }
    void opens(double ms = 0) { client_opens(t, s, ms); }
    TraceBuilder& drops(double ms, const char* reason = "QDISC_DROP") {
        Drop drop;
        drop.reason = reason;
        drop.outgoing = true;
        return at(ms).add(drop);
    }
    /// The recording goes on until then.
    Story until(double ms) {
        t.at(ms).gap(ms - 1, ms - 1, 0);
        return t.story();
    }
};

std::vector<Trouble> kinds(const Story& story) {
    std::vector<Trouble> all;
    for (const Connection& c : story.connections)
        for (const TroubleSign& sign : trouble_of(story, c)) all.push_back(sign.what);
    return all;
}

/// What becomes of it where no other rule knows better.
std::vector<Finding> left(const Story& story) {
    return account_for_trouble(story, [](ConnectionId) { return false; });
}

using Kinds = std::vector<Trouble>;

}  // namespace

TEST_CASE("each kind of trouble shows") {
    Client one;
    SECTION("a refused connect") {
        one.dials();
        one.at(1).rst_in().reset_received().error(ECONNREFUSED).wiped_close(TcpState::syn_sent).connect_exit(-ECONNREFUSED).destroy();
        CHECK(kinds(one.t.story()) == Kinds{Trouble::reset, Trouble::connect_failed});
    }
    SECTION("a connect that its application gave up") {
        one.dials();
        one.at(3000).wiped_close(TcpState::syn_sent).destroy();
        CHECK(kinds(one.t.story()) == Kinds{Trouble::connect_failed});
    }
    SECTION("a connect without an answer at the end of the recording") {
        one.dials();
        CHECK(kinds(one.until(1500)) == Kinds{Trouble::connect_failed});
    }
    SECTION("an error on an open connection") {
        one.opens();
        one.at(5000).error(ETIMEDOUT).wiped_close(TcpState::established).destroy();
        CHECK(kinds(one.t.story()) == Kinds{Trouble::error});
    }
    SECTION("a RST that came in") {
        one.opens();
        one.at(100).rst_in().reset_received().wiped_close(TcpState::established).destroy();
        CHECK(kinds(one.t.story()) == Kinds{Trouble::reset});
    }
    SECTION("a RST that was sent") {
        one.opens();
        aborts(one.t, one.s.client, 100, "TCP_ABORT_ON_CLOSE", 3);
        CHECK(kinds(one.t.story()) == Kinds{Trouble::reset});
    }
    SECTION("a packet that was dropped") {
        one.opens();
        one.drops(100);
        CHECK(kinds(one.t.story()) == Kinds{Trouble::dropped});
    }
    SECTION("a segment that is sent again and again") {
        one.opens();
        TcpNumbers tcp;
        tcp.backoff = 3;
        one.at(900).rto(3, tcp);
        CHECK(kinds(one.t.story()) == Kinds{Trouble::stalled});
    }
    SECTION("a handshake that is never completed") {
        listen(one.t, one.s);
        one.t.as(one.s.server).at(10).syn_in().syn_ack_out().at(1010).syn_ack_retransmit(one.s.listener, 1);
        CHECK(kinds(one.t.story()) == Kinds{Trouble::handshake});
    }
}

TEST_CASE("what is no trouble shows none") {
    Client one;
    SECTION("a listening socket that nobody asks") { listen(one.t, one.s); }
    SECTION("a clean connection") {
        one.opens();
        closes_first(one.t, one.s.client, 100);
    }
    SECTION("an open one") { one.opens(); }
    SECTION("a connect whose answer is not due yet when the recording ends") {
        one.dials();
        CHECK(kinds(one.until(900)).empty());
    }
    SECTION("a RST after both FINs") {
        one.opens();
        closes_second(one.t, one.s.client, 100);
        one.at(102).rst_in();
    }
    SECTION("a segment that was sent again twice") {
        one.opens();
        TcpNumbers tcp;
        tcp.backoff = 2;
        one.at(900).rto(2, tcp);
    }
    SECTION("a bind() that took another port at its second try") {
        one.at(0).call(Call::Op::bind, Call::Phase::exit, -EADDRINUSE).call(Call::Op::bind, Call::Phase::exit, 0);
    }
    CHECK(kinds(one.t.story()).empty());
}

TEST_CASE("signs come in order of time") {
    Client one;
    one.opens();
    one.drops(200);
    one.at(5000).error(ETIMEDOUT).wiped_close(TcpState::established).destroy();
    const Story story = one.t.story();
    CHECK(kinds(story) == Kinds{Trouble::dropped, Trouble::error});
}

TEST_CASE("trouble that nobody explains is told in plain words, and judges nobody") {
    Client one;
    one.opens();
    one.drops(200);
    one.at(5000).error(ETIMEDOUT).wiped_close(TcpState::established).destroy();
    const auto findings = left(one.t.story());
    REQUIRE(findings.size() == 1);
    const Finding& f = findings.front();
    CHECK(f.rule == "unexplained");
    CHECK(f.culprit == Culprit::unknown);
    CHECK(f.certainty == Certainty::possible);
    CHECK_FALSE(f.benign);
    CHECK_THAT(f.headline, Contains("dialer[100]") && Contains("10.0.2.2:5061") && Contains("QDISC_DROP"));
    CHECK_THAT(all_text(f), Contains("ETIMEDOUT") && Contains("no rule explains it"));
    CHECK_THAT(f.settle, Contains("record on 10.0.2.2"));
    CHECK(f.evidence.size() == 2);
    CHECK(f.first_ns < f.last_ns);
}

TEST_CASE("what has its place already is not told again") {
    Client one;
    one.dials();
    one.at(3000).wiped_close(TcpState::syn_sent).destroy();
    CHECK(account_for_trouble(one.t.story(), [](ConnectionId) { return true; }).empty());
}

TEST_CASE("a loss that was made good is benign, as long as the connection lives or closes in good order") {
    Client one;
    one.opens();
    one.drops(50);
    SECTION("it lives") {}
    SECTION("it closes in good order") { closes_first(one.t, one.s.client, 100); }
    const auto findings = left(one.t.story());
    REQUIRE(findings.size() == 1);
    REQUIRE(findings.front().benign);
    CHECK(findings.front().benign == std::string(benign::loss_made_good));
}

TEST_CASE("a loss after which the connection ended in no good order is not made good") {
    Client one;
    one.opens();
    one.drops(50);
    one.at(100).wiped_close(TcpState::established).destroy();
    const auto findings = left(one.t.story());
    REQUIRE(findings.size() == 1);
    CHECK(findings.front().benign == nullptr);
}

TEST_CASE("a connect that is taken back before an answer is due is benign; one that waited longer was given up") {
    Client one;
    one.dials();
    const bool at_once = GENERATE(true, false);
    one.at(at_once ? 150 : 250).wiped_close(TcpState::syn_sent).destroy();
    const auto findings = left(one.t.story());
    REQUIRE(findings.size() == 1);
    REQUIRE((findings.front().benign != nullptr) == at_once);
    if (at_once) CHECK(findings.front().benign == std::string(benign::withdrawn));
}

TEST_CASE("benign patterns have names of their own, say why they harm nobody, and are counted together") {
    std::set<std::string> names;
    for (const BenignPattern& pattern : benign_patterns()) {
        CHECK(names.insert(pattern.id).second);
        CHECK(std::string(pattern.summary).size() > 20);
    }
    auto t = trace();
    for (int i = 0; i < 3; ++i) {
        Session s = session(t, "edge", "edge", 40000 + i);
        t.as(s.client).at(i * 100).connect_enter().syn_sent().syn_out().at(i * 100 + 50).wiped_close(TcpState::syn_sent).destroy();
    }
    const Judgement judged = judge(t.story());
    INFO(all_text(judged.findings));
    CHECK(judged.findings.empty());
    REQUIRE(judged.benign.size() == 1);
    CHECK(judged.benign.front().count == 3);
    CHECK(names.contains(judged.benign.front().benign));
    CHECK(judged.verdict.benign == 3);
    CHECK(judged.verdict.what == Verdict::What::clean);
}

TEST_CASE("a RST that the kernel ignored harms nobody, where the session went on to its end") {
    const auto play = [](bool goes_on, bool from_here) {
        Client one;
        one.opens();
        from_here ? one.at(100).rst_out() : one.at(100).rst_in();
        if (goes_on) closes_first(one.t, one.s.client, 500);
        return left(one.until(5000));
    };
    for (const bool from_here : {false, true}) {
        const auto found = play(true, from_here);
        REQUIRE(found.size() == 1);
        CHECK(found[0].benign == std::string(benign::ignored_reset));
    }
    REQUIRE(play(false, false).size() == 1);
    CHECK(play(false, false)[0].benign == std::string(benign::ignored_reset));  // still open, whatever the RST was
    REQUIRE(play(false, true).size() == 1);
    CHECK(play(false, true)[0].benign == nullptr);  // it may have cut off the other end
}
