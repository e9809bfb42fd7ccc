#include <catch2/catch.hpp>

#include <cstdlib>
#include <ctime>

#include "base/time_zone.h"

using namespace tcpwitness;

namespace {

constexpr std::uint64_t second = 1'000'000'000;
constexpr std::uint64_t winter = 1'357'644'537;   // 2013-01-08 11:28:57
constexpr std::uint64_t summer = 1'373'282'937;   // 2013-07-08 11:28:57
constexpr std::uint64_t autumn = 1'382'841'000;   // 2013-10-27 02:30:00, which Berlin has twice
constexpr std::uint64_t spring = 1'364'697'000;   // 2013-03-31 02:30:00, which Berlin does not have

std::uint64_t utc(const char* zone, std::uint64_t local_s) {
    const auto parsed = TimeZone::parse(zone);
    REQUIRE(parsed.ok());
    return parsed->to_utc_ns(local_s * second) / second;
}

}  // namespace

TEST_CASE("Offsets from UTC") {
    CHECK(utc("UTC", winter) == winter);
    CHECK(utc("+02:00", winter) == winter - 7200);
    CHECK(utc("-0730", winter) == winter + 27'000);
    CHECK(utc("+05", winter) == winter - 18'000);
    CHECK(TimeZone::parse("-0730")->name() == "UTC-07:30");
    CHECK(TimeZone::fixed(-28'800).name() == "UTC-08:00");
    CHECK(TimeZone::parse("+02:00")->to_utc_ns(5) == 0);
}

TEST_CASE("Zones by name, in winter, in summer, and in the hours between") {
    CHECK(utc("Europe/Berlin", winter) == winter - 3600);
    CHECK(utc("Europe/Berlin", summer) == summer - 7200);
    CHECK(utc("America/New_York", winter) == winter + 5 * 3600);
    CHECK(utc("America/New_York", summer) == summer + 4 * 3600);
    CHECK(utc("Asia/Kolkata", winter) == winter - 19'800);
    CHECK(utc("Europe/Berlin", autumn) == autumn - 7200);
    CHECK(utc("Europe/Berlin", spring) == spring - 7200);
}

TEST_CASE("Asking for a zone leaves this program's own alone") {
    ::setenv("TZ", "Asia/Tokyo", 1);
    ::tzset();
    REQUIRE(TimeZone::parse("Europe/Berlin").ok());
    const std::time_t time = winter;
    std::tm parts{};
    ::localtime_r(&time, &parts);
    CHECK(parts.tm_gmtoff == 9 * 3600);
    CHECK(std::string(std::getenv("TZ")) == "Asia/Tokyo");
    ::unsetenv("TZ");
    ::tzset();
}

TEST_CASE("What is no zone says what one looks like") {
    for (const char* wrong : {"", "Mars/Olympus", "+25:00", "+2", "+02:75", "../../etc/passwd", "/etc/localtime", "+xx:00"}) {
        INFO(wrong);
        const auto parsed = TimeZone::parse(wrong);
        REQUIRE_FALSE(parsed.ok());
        CHECK(parsed.error().message.find("Europe/Berlin") != std::string::npos);
    }
}
