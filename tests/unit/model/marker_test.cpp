#include "model/marker.h"

#include <catch2/catch.hpp>

using namespace tcpwitness;

TEST_CASE("A marker's name survives its echo request") {
    const std::string data = marker_data("after-restart.2");
    CHECK(data.size() == marker_bytes);
    CHECK(marker_name(data) == "after-restart.2");
    CHECK(marker_name(data.substr(0, 40)) == "after-restart.2");  // the capture kept no more
    const std::string longest(31, 'x');
    CHECK(marker_name(marker_data(longest)) == longest);
}

TEST_CASE("Other echo requests are no markers") {
    CHECK(marker_name("").empty());
    CHECK(marker_name(std::string(48, 'a')).empty());
    CHECK(marker_name("tcpwitness-mark").empty());
    CHECK(marker_name("tcpwitness-mark:").empty());
    CHECK(marker_name("tcpwitness-mark:two words").empty());
    CHECK(marker_name("tcpwitness-mark:" + std::string(40, 'x')).empty());
}

TEST_CASE("Names that --between could take for something else do not fit") {
    CHECK(marker_name_fits("begin"));
    CHECK(marker_name_fits("B_2.x-y"));
    for (const char* name : {"", "ping:22", "10:00", "+5", "-5m", "@17", "2nd", "two words", "\x1b[31m", "caf\xc3\xa9", "a,b"}) {
        INFO(name);
        CHECK_FALSE(marker_name_fits(name));
    }
    CHECK_FALSE(marker_name_fits(std::string(32, 'x')));
}
