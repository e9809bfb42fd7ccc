#include <catch2/catch.hpp>

#include <sys/socket.h>

#include <cstring>

#include "live/kernel_filter.h"

using namespace tcpwitness;

TEST_CASE("an empty filter lets everything through") {
    const tw_filter out = kernel_filter({});
    CHECK(out.active == 0);
    CHECK(out.by_task == 0);
}

TEST_CASE("lists arrive in the kernel's own form") {
    Filter filter;
    REQUIRE(parse_ports("443,8000-8100", filter.ports[0]));
    REQUIRE(parse_prefix("192.0.2.77/26", filter.hosts[2]));
    REQUIRE(parse_prefix("2001:db8::/33", filter.hosts[2]));
    filter.comms = {"nginx"};
    const tw_filter out = kernel_filter(filter);
    CHECK(out.active == 1);
    CHECK(out.by_task == 1);
    REQUIRE(out.port_count[TW_SIDE_EITHER] == 2);
    CHECK(out.port[TW_SIDE_EITHER][1].first == 8000);
    CHECK(out.port[TW_SIDE_EITHER][1].last == 8100);
    REQUIRE(out.prefix_count[TW_SIDE_PEER] == 2);
    const std::uint8_t v4_mask[4] = {255, 255, 255, 192}, v4_address[4] = {192, 0, 2, 64};
    CHECK(out.prefix[TW_SIDE_PEER][0].family == AF_INET);
    CHECK(std::memcmp(out.prefix[TW_SIDE_PEER][0].mask, v4_mask, 4) == 0);
    CHECK(std::memcmp(out.prefix[TW_SIDE_PEER][0].address, v4_address, 4) == 0);
    const std::uint8_t v6_mask[16] = {255, 255, 255, 255, 128};
    CHECK(std::memcmp(out.prefix[TW_SIDE_PEER][1].mask, v6_mask, 16) == 0);
    CHECK(std::string(out.comm[0]) == "nginx");
}

TEST_CASE("a list too long for the kernel is left to the report as a whole, never cut") {
    Filter filter;
    for (std::uint16_t port = 1; port <= TW_FILTER_PORTS + 1; ++port) filter.ports[0].push_back({port, port});
    CHECK(kernel_filter(filter).port_count[0] == 0);
}
