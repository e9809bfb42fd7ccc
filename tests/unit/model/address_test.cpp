#include "model/address.h"

#include <unordered_set>

#include <catch2/catch.hpp>

using namespace tcpwitness;

TEST_CASE("an address reads back as it is written") {
    for (const char* text : {"192.0.2.1", "0.0.0.0", "255.255.255.255", "2001:db8::1", "::", "::1", "fe80::1"}) {
        const auto address = Address::parse(text);
        REQUIRE(address);
        CHECK(address->text() == text);
    }
    CHECK(Address{}.text() == "*");
}

TEST_CASE("what is not an address is refused") {
    for (const char* text : {"", "1.2.3", "1.2.3.4.5", "1.2.3.256", "1.2.3.4 ", "localhost", "::1%lo", "1::2::3", "2001:db8::1/32"}) {
        CHECK_FALSE(Address::parse(text));
    }
    CHECK_FALSE(Address::parse(std::string_view("1.2.3.4\0", 8)));
    CHECK_FALSE(Address::parse(std::string(4096, '1')));
}

TEST_CASE("a v4-mapped address is its IPv4 address") {
    const auto mapped = Address::parse("::ffff:192.0.2.1");
    REQUIRE(mapped);
    CHECK(*mapped == *Address::parse("192.0.2.1"));
    CHECK(mapped->family == Address::Family::ipv4);
}

TEST_CASE("loopback and unspecified") {
    CHECK(Address::parse("127.8.9.1")->loopback());
    CHECK(Address::parse("::1")->loopback());
    CHECK_FALSE(Address::parse("::2")->loopback());
    CHECK_FALSE(Address::parse("128.0.0.1")->loopback());
    CHECK_FALSE(Address{}.loopback());
    CHECK(Address{}.unspecified());
    CHECK(Address::parse("0.0.0.0")->unspecified());
    CHECK(Address::parse("::")->unspecified());
    CHECK_FALSE(Address::parse("::1")->unspecified());
}

TEST_CASE("endpoints") {
    CHECK(Endpoint{*Address::parse("192.0.2.1"), 443}.text() == "192.0.2.1:443");
    CHECK(Endpoint{*Address::parse("2001:db8::1"), 443}.text() == "[2001:db8::1]:443");
    CHECK(Endpoint{{}, 443}.text() == "*:443");
    CHECK(Endpoint{*Address::parse("192.0.2.1"), 0}.text() == "192.0.2.1:*");
}

TEST_CASE("a flow's hash spreads neighbours and tells directions apart") {
    std::unordered_set<std::size_t> hashes;
    for (std::uint16_t port = 1; port <= 10000; ++port) {
        const Flow flow{{*Address::parse("10.0.0.1"), port}, {*Address::parse("10.0.0.2"), 443}};
        hashes.insert(FlowHash{}(flow));
        hashes.insert(FlowHash{}(flow.reversed()));
    }
    CHECK(hashes.size() == 20000);
}
