#include "correlate/markers.h"

#include <catch2/catch.hpp>

#include "support/events.h"

using namespace tcpwitness;

namespace {

Icmp echo(std::uint16_t bytes, std::uint16_t seq, const std::string& name = "") {
    Icmp icmp;
    icmp.type = 8;
    icmp.echo_payload = bytes;
    icmp.echo_id = 77;
    icmp.echo_seq = seq;
    icmp.sender = icmp.receiver = *Address::parse("127.0.0.1");
    icmp.marker = name;
    return icmp;
}

/// ICMP has no socket.
End loopback(TraceBuilder& t, const std::string& where) {
    End end = t.end(where, "127.0.0.1:0", "127.0.0.1:0");
    end.cookie = end.socket_id = 0;
    return end;
}

}  // namespace

TEST_CASE("markers are listed by name, in the order in which they were set") {
    auto t = trace();
    t.as(loopback(t, "edge"));
    t.at(0).add(echo(22, 1)).at(1000).add(echo(48, 1, "begin")).at(5000).add(echo(48, 2, "end")).at(9000).add(echo(33, 9));
    const std::uint64_t begin = t.now() - 8'000'001'000;
    const Story story = t.story();
    const auto all = markers(story);
    REQUIRE(all.size() == 4);
    CHECK(all[0].name == "ping:22");
    CHECK(all[0].by_ping);
    CHECK(all[1].name == "begin");
    CHECK_FALSE(all[1].by_ping);
    CHECK(all[1].times_ns == std::vector<std::uint64_t>{begin});
    CHECK(find_marker(all, "ping:33") == &all[3]);
    CHECK(find_marker(all, "ping:48") == nullptr);
    CHECK(find_marker(all, "middle") == nullptr);
}

TEST_CASE("one request that several witnesses saw is one time; another of the same size is another") {
    auto t = trace();
    const End edge = loopback(t, "edge"), mid = loopback(t, "mid"), fe = loopback(t, "fe");
    t.as(edge).at(0).add(echo(22, 1)).as(mid).add(echo(22, 1)).add(echo(22, 1)).as(fe).add(echo(22, 1));
    t.as(edge).at(1000).add(echo(22, 2)).as(fe).add(echo(22, 2));
    t.as(edge).at(900'000).add(echo(22, 1));  // the same numbers much later: another ping
    const Story story = t.story();
    const auto all = markers(story);
    REQUIRE(all.size() == 1);
    CHECK(all[0].times_ns.size() == 3);
}

TEST_CASE("other ICMP sets no marker") {
    auto t = trace();
    t.as(loopback(t, "edge"));
    Icmp unreachable = echo(22, 1);
    unreachable.type = 3;
    t.at(0).add(unreachable);
    const Story story = t.story();
    CHECK(markers(story).empty());
}
