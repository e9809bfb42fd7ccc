#include <catch2/catch.hpp>

#include <cerrno>

#include "parsers/windows_line.h"
#include "parsers/windows_values.h"

using namespace tcpwitness;

namespace {

std::string end(const char* text) {
    const auto found = windows::endpoint(text);
    return found ? found->text() : "none";
}

}  // namespace

TEST_CASE("Numbers in their renderings") {
    CHECK(windows::number("1504 (0x5E0)") == 1504);
    CHECK(windows::number("0x5E0") == 1504);
    CHECK(windows::number("0x00000000000005E0)") == 1504);
    CHECK_FALSE(windows::number("x").has_value());
    CHECK_FALSE(windows::number("").has_value());
    CHECK_FALSE(windows::number("99999999999999999999999").has_value());
    CHECK(windows::number("18446744073709551615") == UINT64_MAX);
    CHECK_FALSE(windows::number("18446744073709551616").has_value());
    CHECK(windows::number("0xFFFFFFFFFFFFFFFF") == UINT64_MAX);
    CHECK_FALSE(windows::number("0x10000000000000000").has_value());
    CHECK_FALSE(windows::number("0xg").has_value());
    CHECK_FALSE(windows::number("").has_value());
    CHECK(windows::number_after("SndUna = 2232090326 (0x850AFED6), Round = 1 (0x1)", "Round = ") == 1);
    CHECK_FALSE(windows::number_after("Round = 1", "SRTT = ").has_value());
}

TEST_CASE("Addresses with ports") {
    CHECK(end("192.168.1.1:50357 remote=x") == "192.168.1.1:50357");
    CHECK(end("10.0.107.58:59210. Reason") == "10.0.107.58:59210");
    CHECK(end("[2001:db8::1]:443)") == "[2001:db8::1]:443");
    CHECK(end("[fe80::1%12]:443,") == "[fe80::1]:443");
    CHECK(end("[::ffff:192.0.2.1]:443") == "192.0.2.1:443");
    CHECK(end("2001:db8::1") == "[2001:db8::1]:*");
    for (const char* wrong : {"", "host:80", "1.2.3:80", "1.2.3.4:70000", "1.2.3.4:x", "[::1", "[]:80", "999.1.1.1:1"}) CHECK(end(wrong) == "none");
    CHECK(end(std::string(100'000, '1').c_str()) == "none");
    const auto flow = windows::flow("(local=192.168.1.1:50357 remote=192.168.3.10:5061) requested to connect.");
    REQUIRE(flow);
    CHECK(flow->peer.port == 5061);
    CHECK_FALSE(windows::flow("(local=192.168.1.1:50357)"));
}

TEST_CASE("States and timers in their renderings") {
    CHECK(windows::state("SynSentState , SndNxt = 0.") == TcpState::syn_sent);
    CHECK(windows::state("2(SynSentState)") == TcpState::syn_sent);
    CHECK(windows::state("2 (SynSentState)") == TcpState::syn_sent);
    CHECK(windows::state("StateOfTomorrow") == TcpState::none);
    CHECK(windows::timer("0(RetransmitTimer) timer has expired.") == Timer::Which::rto);
    CHECK(windows::timer("KeepAliveTimer timer") == Timer::Which::keepalive);
    CHECK(windows::timer("DelAckTimer timer") == Timer::Which::none);
}

TEST_CASE("Results in their renderings") {
    for (const char* same : {"0xC00000B5 - STATUS_IO_TIMEOUT", "STATUS_IO_TIMEOUT", "3221225653 (0xC00000B5)", "-1073741643", "0xC00000B5).", "0xC00000B5(STATUS_IO_TIMEOUT)"}) {
        INFO(same);
        CHECK(windows::status(same).error == ETIMEDOUT);
        CHECK(windows::status(same).text == "STATUS_IO_TIMEOUT");
    }
    for (const char* fine : {"Success", "STATUS_SUCCESS.", "0 (0x0)", "0x0", "0(STATUS_SUCCESS)"}) {
        INFO(fine);
        CHECK(windows::status(fine).error == 0);
        CHECK(windows::status(fine).text.empty());
    }
    CHECK(windows::status("0x103").pending());
    CHECK(windows::status("0xC0000236").error == ECONNREFUSED);
    CHECK(windows::status("0xC000DEAD").error == EIO);
    CHECK(windows::status("0xC000DEAD").text == "0xC000DEAD");
    CHECK(windows::status("STATUS_OF_TOMORROW (7)").text == "STATUS_OF_TOMORROW");
    CHECK(windows::status("Zeit\xc3\xbc" "berschreitung").error == EIO);
    CHECK(windows::status(std::string(1000, 'x')).text.size() < 200);
}

TEST_CASE("Times of lines") {
    constexpr std::uint64_t second = 1'000'000'000;
    const auto time = [](const char* text) { return windows::parse_line(text).local_ns; };
    constexpr std::uint64_t noon = 1'357'646'337 * second;  // 2013-01-08 11:58:57
    CHECK(time("7 11:58:57 AM 1/8/2013 713.5 a.exe (1) TCPIP_MicrosoftWindowsTCPIP:TCP: x") == noon);
    CHECK(time("7\t11:58:57 PM\t1/8/2013\t713.5") == noon + 43'200 * second);
    CHECK(time("7 12:00:00 AM 1/8/2013 0.0") == noon - (11 * 3600 + 58 * 60 + 57) * second);
    CHECK(time("7\xc2\xa0\xc2\xa0" "11:58:57 8.1.2013 0.0") == noon);
    CHECK(time("7 11:58:57 2013-01-08 0.0") == noon);
    CHECK(time("7 11:58:57 13/1/2013 0.0") == noon + 5 * 86'400 * second);
    CHECK(time("[31]0000.0000::2013/01/08-11:58:57.000000100 [X]y") == noon + 100);
    CHECK(time("[00]0001.0002::2013-01-08 11:58:57.5 [X] y") == noon + second / 2);
    for (const char* wrong : {"7 25:00:00 AM 1/8/2013 0.0", "7 11:61:00 1/8/2013 0", "7 11:58:57 2/30/2013 0.0", "7 11:58:57 1/8/13 0.0", "11:58:57 1/8/2013", "[x]y",
                              "[0]0.0::2013-01-08", "[0]0.0::2013-13-08 11:00:00 [X]y", "[0]0.0::2013-01-08 11:00:00 [X", "[", "7"}) {
        INFO(wrong);
        CHECK(windows::parse_line(wrong).provider == windows::Provider::none);
    }
    const windows::Line line = windows::parse_line("7 11:58:57 AM 1/8/2013 713.4871675 My Server (x64).exe (1504) 10.0.0.1 TCPIP_MicrosoftWindowsTCPIP:TCP: said");
    CHECK(line.offset_ns == 713'487'167'500u);
    CHECK(line.process == "My Server (x64).exe");
    CHECK(line.pid == 1504);
    CHECK(line.body == "TCP: said");
}
