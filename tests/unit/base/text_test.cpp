#include <catch2/catch.hpp>

#include <cerrno>

#include "base/text.h"

using namespace tcpwitness;

TEST_CASE("durations read as people say them") {
    CHECK(duration_text(350) == "350 ns");
    CHECK(duration_text(24'000) == "24 us");
    CHECK(duration_text(1'204'000) == "1.2 ms");
    CHECK(duration_text(250'000'000) == "250 ms");
    CHECK(duration_text(7'125'000'000) == "7.1 s");
    CHECK(duration_text(125'000'000'000) == "2 min 05 s");
    CHECK(duration_text(7'380'000'000'000) == "2 h 03 min");
    CHECK(duration_text(71 * 3'600'000'000'000) == "71 h 00 min");
    CHECK(duration_text(77 * 3'600'000'000'000) == "3 days 5 h");
    CHECK(duration_text(427'401 * 3'600'000'000'000) == "48.8 years");
}

TEST_CASE("foreign text cannot drive a terminal") {
    CHECK(printable("plain \xc3\xa9") == "plain \xc3\xa9");
    CHECK(printable("\x1b[31mred\x1b[0m") == "?[31mred?[0m");
    CHECK(printable("\xc2\x9b""31m") == "?31m");           // the one-byte form of ESC [, as UTF-8
    CHECK(printable("a\xff\xc3") == "a??");                // not UTF-8
    CHECK(printable("\xe0\x80\xaf") == "???");             // overlong
    CHECK(printable("one\ntwo\t\x7f") == "one?two??");
}

TEST_CASE("foreign text cannot mislead a reader") {
    CHECK(printable("nginx\u202egnp") == "nginx?gnp");      // read from right to left from here
    CHECK(printable("\u2066a\u2069\u200f\u061c") == "?a???");
    CHECK(printable("ng\u200binx\ufeff\u00ad") == "ng?inx??");  // nobody sees these
    CHECK(printable("\U000e0041\U0001d173") == "??");       // tags, musical format characters
    CHECK(printable("one\u2028two\u0085") == "one?two?");  // line breaks
    CHECK(printable("\u00c4\u4e16\U0001f600") == "\u00c4\u4e16\U0001f600");
}

TEST_CASE("numbers are whole or nothing") {
    CHECK(parse_number<std::uint16_t>("65535") == 65535);
    CHECK_FALSE(parse_number<std::uint16_t>("65536"));
    CHECK_FALSE(parse_number<int>(""));
    CHECK_FALSE(parse_number<int>("1 "));
}

TEST_CASE("errors and signals by name") {
    CHECK(errno_name(ETIMEDOUT) == "ETIMEDOUT");
    CHECK(errno_name(99999) == "errno 99999");
    CHECK(signal_name(9) == "SIGKILL");
    CHECK(signal_name(99) == "signal 99");
}
