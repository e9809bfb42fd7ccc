#include "case/packets_replayed.h"

#include <catch2/catch.hpp>

#include "case/exhibit.h"
#include "support/folder.h"

using namespace tcpwitness;

namespace {

const char* const dump =
    "2024-03-02 09:14:02.100000 IP 10.8.0.5.40100 > 10.8.0.9.8443: Flags [S], seq 7000, win 64240, length 0\n"
    "2024-03-02 09:14:02.100400 IP 10.8.0.9.8443 > 10.8.0.5.40100: Flags [S.], seq 91, ack 7001, win 65160, length 0\n"
    "2024-03-02 09:14:02.100500 IP 10.8.0.5.40100 > 10.8.0.9.8443: Flags [.], ack 1, win 502, length 0\n"
    "2024-03-02 09:14:03.100500 IP 10.8.0.9.8443 > 10.8.0.5.40100: Flags [R.], seq 1, ack 1, win 0, length 0\n"
    "2024-03-02 09:14:03.100600 IP 10.8.0.5.40100 > 10.8.0.9.??: Flags [S], seq 1, win 0, length 0\n";

}  // namespace

TEST_CASE("a text of packets is judged as the capture that it was made from") {
    Folder folder;
    spill(folder / "pasted", dump);
    auto exhibits = read_exhibits(folder / "pasted", {});
    REQUIRE(exhibits.ok());
    REQUIRE(exhibits->size() == 1);
    const Exhibit& exhibit = exhibits->front();
    REQUIRE(exhibit.connections.size() == 1);
    const Connection& c = exhibit.connections.front();
    CHECK(c.role == Role::client);
    CHECK(c.flow.peer.text() == "10.8.0.9:8443");
    CHECK(c.established_ns);
    CHECK(c.wire);
    CHECK(exhibit.packets == 4);
    CHECK(exhibit.info.unknown_records == 1);
    CHECK(exhibit.info.meta.at("source") == "packet list");
    CHECK(exhibit.info.file == folder / "pasted");
}

TEST_CASE("only what holds nothing but packets is replayed") {
    Trace trace;
    CHECK_FALSE(packets_alone(trace));
    trace.events.emplace_back().body = Segment{};
    CHECK(packets_alone(trace));
    trace.events.emplace_back().body = StateChange{};
    CHECK_FALSE(packets_alone(trace));
}
