// Whose silence counts, and when it does not.
#include <catch2/catch.hpp>

#include "findings/finding.h"
#include "support/scenes.h"

using namespace tcpwitness;

namespace {

constexpr std::uint64_t ms = 1'000'000;

/// The forged RST of the demo, with each host's recording a recording of its own.
struct TwoRecordings {
    TraceBuilder t;
    Story described;
    std::uint64_t begin = 0;

    TwoRecordings() {
        End edge = t.end("edge", "10.0.1.2:40000", "10.0.2.2:5061", task(100, "dialer"));
        End fe = t.opposite(edge, "fe");
        t.as(edge).at(1000);
        begin = t.now();
        t.connect_enter().syn_sent().syn_out();
        t.as(fe).at(1000.2).syn_in().syn_ack_out().rst_in();
        t.as(edge).at(8000).error(ETIMEDOUT).connect_exit(-ETIMEDOUT);
        for (const End& each : {edge, fe}) t.as(each).at(0).environment(Environment::What::found, "device", "eth", "up, veth, mtu 1500");
        described.witnesses = t.info().witnesses;
        described.interfaces = t.info().interfaces;
        described.recordings.resize(2);
        for (RecordingId id = 0; id < 2; ++id) described.witnesses[id].recordings = {id};
        cover(0, 0, 9000);
        cover(1, 0, 9000);
    }
    void cover(RecordingId id, std::uint64_t from_ms, std::uint64_t to_ms) {
        described.recordings[id].begin_ns = begin - 1000 * ms + from_ms * ms;
        described.recordings[id].end_ns = begin - 1000 * ms + to_ms * ms;
    }
    Recording& edge() { return described.recordings[0]; }
    Recording& fe() { return described.recordings[1]; }
    Story story() {
        Correlator correlator(described, Limits::offline());
        for (Event& event : t.events()) correlator.add(std::move(event));
        return std::move(correlator.finish());
    }
    Certainty certainty() {
        const Story made = story();
        for (const Finding& finding : find_all(made))
            if (finding.rule == "reset-forged") return finding.certainty;
        return Certainty::possible;
    }
};

}  // namespace

TEST_CASE("a RST that the other recording does not hold is forged, proven") { CHECK(TwoRecordings().certainty() == Certainty::proven); }

TEST_CASE("records that the silent end's recording lost weaken the proof; what the other one lost does not") {
    for (const RecordingId whose : {0u, 1u}) {
        TwoRecordings two;
        two.t.gap(900, 1100, 3);
        Story described = two.described;
        Correlator correlator(described, Limits::offline());
        for (Event& event : two.t.events()) {
            if (Gap* gap = event.as<Gap>()) gap->recording = whose;
            correlator.add(std::move(event));
        }
        bool seen = false;
        for (const Finding& finding : find_all(correlator.finish())) {
            if (finding.rule != "reset-forged") continue;
            seen = true;
            CHECK(finding.certainty == (whose == 0 ? Certainty::likely : Certainty::proven));
        }
        CHECK(seen);
    }
}

TEST_CASE("a recording that does not cover the time is no witness of silence") {
    TwoRecordings two;
    two.fe().clock.how = Clock::How::one_way;
    two.fe().clock.later_ns = 20'000 * ms;  // the RST may have come long after the edge's recording ended
    CHECK(two.certainty() != Certainty::proven);
}

TEST_CASE("a clock that could not be compared proves nothing") {
    for (const Clock::How how : {Clock::How::wall, Clock::How::crossed}) {
        TwoRecordings two;
        two.fe().clock.how = how;
        CHECK(two.certainty() == Certainty::likely);
    }
}

TEST_CASE("a recording without packets cannot tell that none was sent") {
    TwoRecordings two;
    two.edge().probes = {{"packet_in", "", "unavailable: no BTF"}};
    CHECK(two.certainty() != Certainty::proven);
}

TEST_CASE("a witness with two recordings is blind only where both are") {
    TwoRecordings two;
    two.described.recordings.push_back({});
    packets_only(two.described.recordings.back());
    two.cover(2, 0, 9000);
    two.described.witnesses[0].recordings = {0, 2};
    two.edge().probes = {{"packet_in", "", "unavailable: no BTF"}};
    CHECK(two.certainty() == Certainty::proven);
    const Story story = two.story();
    CHECK(story.blind(0, Evidence::packets, 1, two.begin, two.begin + ms) == Blind::no);
    CHECK(story.blind(0, Evidence::packets, 1, two.begin, two.begin + 60'000 * ms) == Blind::outside);
    CHECK(story.blind(7, Evidence::packets, 1, two.begin, two.begin) == Blind::outside);
}

TEST_CASE("a clock maps its own times to the common ones and back") {
    Clock clock;
    clock.offset_ns = -13'990 * static_cast<std::int64_t>(ms);
    clock.anchor_ns = 1'700'000'000'000'000'000;
    clock.drift_ppm = 40;
    const std::uint64_t own = clock.anchor_ns + 100'000 * ms;
    CHECK(clock.common_ns(own) == own - 13'990 * ms + 4 * ms);  // 100 s of 40 ppm
    const std::uint64_t back = clock.own_ns(clock.common_ns(own));
    CHECK((back > own ? back - own : own - back) < 10);
}
