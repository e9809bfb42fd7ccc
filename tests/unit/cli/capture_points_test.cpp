// One session, captured at two points of its path.
#include <catch2/catch.hpp>

#include "support/capture_findings.h"

using namespace tcpwitness;
using namespace test;
using tcp_flag::ack, tcp_flag::rst;

namespace {

/// Two SYNs, each refused, as seen after so many routers.
Exhibit refused(std::uint8_t routers, std::uint32_t isn) {
    CaptureScript script;
    script.isn(isn);
    for (int i = 0; i < 2; ++i) {
        script.client({.at_ms = 500. * i + routers * 0.1, .seq = 0, .ack = 0, .flags = tcp_flag::syn, .ip_id = 100 + i, .ttl = static_cast<std::uint8_t>(128 - routers)});
        script.server({.at_ms = 500. * i + 2 - routers * 0.1, .seq = 0, .flags = rst | ack, .window = 0, .ip_id = 0, .ttl = static_cast<std::uint8_t>(60 + routers)});
    }
    Exhibit exhibit = exhibit_of(script.finish());
    exhibit.info.file = routers == 1 ? "near.pcap" : "far.pcap";
    return exhibit;
}

}  // namespace

TEST_CASE("captures: what two points of the path show of one session is one finding; of two sessions it is two") {
    const bool same = GENERATE(true, false);
    std::vector<Exhibit> exhibits;
    exhibits.push_back(refused(1, client_isn));
    exhibits.push_back(refused(2, same ? client_isn : client_isn + 77'000));
    const Judgement judged = judge(story_of(std::move(exhibits)));
    INFO(all_text(judged.findings));
    std::size_t sessions = 0;
    for (const Finding& f : judged.findings) sessions += f.count;
    CHECK(sessions == (same ? 1 : 2));
    if (same) CHECK(says(judged.findings.at(0), "captured at another point of its path, and shows the same there"));
}
