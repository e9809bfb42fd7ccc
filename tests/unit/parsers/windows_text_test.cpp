#include <catch2/catch.hpp>

#include <cerrno>

#include "model/describe.h"
#include "parsers/windows_text.h"
#include "support/memory_source.h"
#include "support/samples.h"

using namespace tcpwitness;

namespace {

Trace read(std::string text, WindowsTextOptions options = {}) {
    MemorySource source(std::move(text));
    auto trace = decode_windows_text(source, options);
    REQUIRE(trace.ok());
    return std::move(*trace);
}

/// "+microseconds who cookie sentence", a line for each event.
std::string told(const Trace& trace) {
    std::string text;
    for (const Event& event : trace.events) {
        const Call* call = event.as<Call>();
        text += "+" + std::to_string((event.time_ns - trace.events.front().time_ns) / 1000) + " " + (call ? task_text(call->task) + " " : "") +
                (event.cookie ? "#" + std::to_string(event.cookie) + " " : "") + event.flow.local.text() + " " + event.flow.peer.text() + "  " + sentence(event) + "\n";
    }
    return text;
}


const char* const timed_out =
    "+0 RTCSrv.exe[1504] #1 *:* 192.168.3.10:5061  socket() = 0\n"
    "+20473 RTCSrv.exe[1504] #1 *:* 192.168.3.10:5061  connect() to 192.168.3.10:5061\n"
    "+20486 #1 192.168.1.1:50357 192.168.3.10:5061  state CLOSE -> SYN_SENT, SYN seq 2232090326\n"
    "+20573 #1 192.168.1.1:50357 192.168.3.10:5061  RTO timer armed, fires in 3000 ms\n"
    "+20635 192.168.1.1:50357 192.168.3.10:5061  SYN out seq 2232090326 win 8192\n"
    "+3023873 #1 192.168.1.1:50357 192.168.3.10:5061  RTO timer fired, round 1, rto 3000 ms\n"
    "+3023876 #1 192.168.1.1:50357 192.168.3.10:5061  retransmit 1 of SYN seq 2232090326, 3000 ms after it was last sent\n"
    "+3023885 #1 192.168.1.1:50357 192.168.3.10:5061  RTO timer armed, fires in 6000 ms\n"
    "+3023934 192.168.1.1:50357 192.168.3.10:5061  SYN out seq 2232090326 win 8192\n"
    "+21018958 #1 192.168.1.1:50357 192.168.3.10:5061  socket error ETIMEDOUT (Connection timed out), STATUS_IO_TIMEOUT reported\n"
    "+21018962 #1 192.168.1.1:50357 192.168.3.10:5061  state SYN_SENT -> CLOSE\n"
    "+21019068 RTCSrv.exe[1504] #1 *:* 192.168.3.10:5061  connect() = ETIMEDOUT (Connection timed out), STATUS_IO_TIMEOUT after 21.0 s\n"
    "+21019239 #1 *:* 192.168.3.10:5061  socket destroyed\n";

const char* const reset =
    "+0 ?[2800/7204] #1 0.0.0.0:* 203.0.113.9:443  bind()\n"
    "+10 ?[2800/7204] #1 0.0.0.0:* 203.0.113.9:443  bind() = 0\n"
    "+980 ?[2800/7204] #1 0.0.0.0:* 203.0.113.9:443  connect() to 203.0.113.9:443\n"
    "+992 #1 192.0.2.7:55330 203.0.113.9:443  state CLOSE -> SYN_SENT, SYN seq 2526318359\n"
    "+1000 #1 192.0.2.7:55330 203.0.113.9:443  RTO timer armed, fires in 1000 ms\n"
    "+19980 #1 192.0.2.7:55330 203.0.113.9:443  state SYN_SENT -> ESTABLISHED\n"
    "+20080 ?[2800/7204] #1 0.0.0.0:* 203.0.113.9:443  connect() = 0 after 19 ms\n"
    "+7837085 #1 192.0.2.7:55330 203.0.113.9:443  RTO timer fired, round 1, rto 1000 ms\n"
    "+7837086 #1 192.0.2.7:55330 203.0.113.9:443  tail loss probe: 1460 bytes, seq 2526320299\n"
    "+8299980 #1 192.0.2.7:55330 203.0.113.9:443  RST received in ESTABLISHED\n"
    "+8299982 #1 192.0.2.7:55330 203.0.113.9:443  socket error ECONNRESET (Connection reset by peer), STATUS_CONNECTION_RESET reported\n"
    "+8299984 #1 192.0.2.7:55330 203.0.113.9:443  state ESTABLISHED -> CLOSE\n"
    "+8299986 #1 192.0.2.7:55330 203.0.113.9:443  socket destroyed\n";

std::string replaced(std::string text, const std::string& what, const std::string& with) {
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size())) text.replace(at, what.size(), with);
    return text;
}

constexpr std::uint64_t second = 1'000'000'000;

}  // namespace

TEST_CASE("A connect() that timed out, as Network Monitor shows it") {
    const Trace trace = read(sample_file("network_monitor.txt"));
    CHECK(told(trace) == timed_out);
    CHECK(trace.info.foreign_packets == 1);
    CHECK(trace.info.unknown_records == 0);
    CHECK(trace.info.meta.at("time.zone") == "assumed");
    const auto off = trace.events.front().time_ns - 1'357'643'937 * second;  // 2013-01-08 11:18:57: the clock shows no more than the second
    CHECK(off < second);
    CHECK(trace.info.boot_to_wall_ns == 0);
}

TEST_CASE("A connection that was reset, as netsh trace convert shows it") {
    const Trace trace = read(sample_file("netsh.txt"));
    CHECK(told(trace) == reset);
    CHECK(trace.info.unknown_records == 3);  // a send, a probe's timer, an abort's indication
    CHECK(trace.info.foreign_packets == 2);
    CHECK(trace.info.meta.at("time.zone") == "file");
    CHECK(trace.info.meta.at("time.zone_name") == "UTC-05:00");
    CHECK(trace.events.front().time_ns == 1'774'645'932'100'020'000);  // 21:12:12 UTC
}

TEST_CASE("Encodings and line ends make no difference") {
    const std::string text = sample_file("netsh.txt");
    CHECK(told(read(utf16(text))) == reset);
    CHECK(told(read(utf16(text, true))) == reset);
    CHECK(told(read(replaced(text, "\n", "\r\n"))) == reset);
    CHECK(told(read(replaced(sample_file("network_monitor.txt"), "\xc2\xa0", "\xa0"))) == timed_out);
}

TEST_CASE("A zone that is given comes before the file's own") {
    const Trace trace = read(sample_file("netsh.txt"), {*TimeZone::parse("+02:00")});
    CHECK(trace.events.front().time_ns == 1'774'645'932'100'020'000 - 7 * 3600 * second);
    CHECK(trace.info.meta.at("time.zone") == "given");
}

TEST_CASE("A text's probes say which kinds of evidence it holds") {
    const auto status = [](const Trace& trace, const char* name) {
        for (const ProbeStatus& probe : trace.info.probes)
            if (probe.name == name) return probe.attached();
        return false;
    };
    const Trace monitor = read(sample_file("network_monitor.txt")), netsh = read(sample_file("netsh.txt"));
    CHECK(status(monitor, "packet_in"));
    CHECK_FALSE(status(netsh, "packet_in"));
    CHECK(status(netsh, "call_exit"));
    CHECK(status(netsh, "state"));
    CHECK_FALSE(status(netsh, "reset_sent"));
    const Trace stack = read("[0]0.0::2026/03/27-16:12:12.1 [Microsoft-Windows-TCPIP]TCP: Connection 0x1 Transport (Protocol TCP , AddressFamily = IPV4 ) sent RST with "
                             "Local = 10.0.0.1:443, Remote = 10.0.0.2:1025. Reason = Connection aborted .\n");
    CHECK(status(stack, "reset_sent"));
    CHECK_FALSE(status(stack, "call_exit"));
    REQUIRE(stack.events.size() == 1);
    CHECK(stack.events[0].as<ResetSent>()->reason == "Connection aborted");
}

TEST_CASE("A segment without socket was answered with RST, unless this Windows tells its RSTs and told none") {
    const std::string drop = "7 8:53:53 AM 1/6/2013 111.1142562 Idle (0) TCPIP_MicrosoftWindowsTCPIP TCPIP_MicrosoftWindowsTCPIP:TCPIP: Transport (Protocol TCP, AddressFamily = "
                             "IPV4) dropped 1 (0x1) packet(s) with Source = 10.7.3.187:3389, Destination = 10.0.107.58:59210. Reason = Transport endpoint was not found.\n";
    const Trace old = read(drop);
    REQUIRE(old.events.size() == 1);
    REQUIRE(old.events[0].as<ResetSent>());
    CHECK(old.events[0].as<ResetSent>()->reason == "NO_SOCKET");
    CHECK(old.events[0].as<ResetSent>()->inferred);
    CHECK(old.events[0].flow.local.text() == "10.0.107.58:59210");
    const Trace told_both = read(drop + "8 8:53:53 AM 1/6/2013 111.1142570 Idle (0) TCPIP_MicrosoftWindowsTCPIP TCPIP_MicrosoftWindowsTCPIP:TCP: Connection 0x0 Transport (Protocol "
                                        "TCP, AddressFamily = IPV4) sent RST with Local = 10.0.107.58:59210, Remote = 10.7.3.187:3389. Reason = Receive discarded.\n");
    REQUIRE(told_both.events.size() == 1);
    CHECK_FALSE(told_both.events[0].as<ResetSent>()->inferred);
    const Trace other = read(drop + "8 8:53:59 AM 1/6/2013 117.1 Idle (0) TCPIP_MicrosoftWindowsTCPIP TCPIP_MicrosoftWindowsTCPIP:TCP: Connection 0x0 Transport (Protocol "
                                    "TCP, AddressFamily = IPV4) sent RST with Local = 10.0.107.58:80, Remote = 10.7.3.187:3389. Reason = Receive discarded.\n");
    REQUIRE(other.events.size() == 2);
    REQUIRE(other.events[0].as<Drop>());
    CHECK(other.events[0].as<Drop>()->reason == "NO_SOCKET");
}

TEST_CASE("What no line of a trace is in is refused with words") {
    for (const char* text : {"", "\n\n", "hello\nworld\n", "2013-01-08 not a line\n[x]\n"}) {
        MemorySource source(text);
        const auto trace = decode_windows_text(source);
        REQUIRE_FALSE(trace.ok());
        CHECK(trace.error().message.find("no line in it is of a Windows trace") != std::string::npos);
        CHECK_FALSE(is_windows_text(text));
    }
    CHECK(is_windows_text(sample_file("netsh.txt")));
    CHECK(is_windows_text(sample_file("network_monitor.txt")));
}

TEST_CASE("Lines cut, mixed and flipped at every place crash nothing") {
    const std::string all = sample_file("network_monitor.txt") + sample_file("netsh.txt");
    for (std::size_t cut = 0; cut < all.size(); cut += 7) {
        std::string damaged = all.substr(cut);
        damaged[damaged.size() / 2] = static_cast<char>(cut);
        damaged[damaged.size() / 3] = '\n';
        MemorySource source(std::move(damaged));
        (void)decode_windows_text(source);
    }
}
