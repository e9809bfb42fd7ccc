#include "parsers/windows_journal.h"

#include <catch2/catch.hpp>

#include "model/describe.h"
#include "support/memory_source.h"
#include "support/packet_bytes.h"
#include "support/pcapng_blocks.h"

using namespace tcpwitness;
namespace build = packet_bytes;

namespace {

constexpr std::uint64_t start_us = 1'700'000'000'000'000;

/// A file of a Windows host: times in microseconds since it began.
struct WindowsFile : Blocks {
    WindowsFile(bool big_endian = false) : Blocks{big_endian, {}} { section().interface(); }

    WindowsFile& entry(std::string fields) {
        fields.append((4 - fields.size() % 4) % 4, '\0');
        block(pcapng::block::journal_export, fields);
        return *this;
    }
    WindowsFile& says(std::uint64_t us, const std::string& provider, const std::string& message) {
        return entry("__REALTIME_TIMESTAMP=" + std::to_string(start_us + us) + "\n_COMM=" + provider + "\n_PID=1504\nMESSAGE=" + message + "\n");
    }
    WindowsFile& tcpip(std::uint64_t us, const std::string& message) { return says(us, "Microsoft-Windows-TCPIP", message); }
    WindowsFile& syn(std::uint64_t us, const std::string& options = "") {
        packet(start_us + us, build::ethernet(0x0800, build::ipv4(6, build::tcp({.flags = 2, .seq = 7000, .ack = 0}))), options);
        return *this;
    }
};

Result<Trace> decode(std::string bytes) {
    MemorySource source(std::move(bytes), 11);
    return decode_windows_journal(source);
}

WindowsFile failed_connect(bool big_endian) {
    WindowsFile file(big_endian);
    file.says(0, "Microsoft-Windows-Winsock-AFD", "connect: 0 (0x0): Process 0x0000000007AE3060, Endpoint 0x0000000007A05010, Address 10.2.0.2:5061, Seq 5023 (0x139F), Status Success");
    file.tcpip(10, "TCP: connection 0x000000000829C860 transition from ClosedState to SynSentState, SndNxt = 0 (0x0).");
    file.tcpip(20, "TCP: Tcb 0x000000000829C860 is going to output SYN with ISN = 7000 (0x1B58), RcvWnd = 8192 (0x2000), RcvWndScale = 0 (0x0).");
    file.syn(30);
    file.says(40, "Microsoft-Windows-DNS-Client", "of no interest");
    file.tcpip(21'000'000, "TCP: connection 0x000000000829C860 (local=10.1.0.2:40001 remote=10.2.0.2:5061) shutdown initiated (0xC00000B5 - STATUS_IO_TIMEOUT). PID = 1504 (0x5E0).\r");
    return file;
}

}  // namespace

TEST_CASE("a Windows host's events and packets of one pcapng are one trace") {
    const auto trace = decode(failed_connect(GENERATE(false, true)).bytes);
    REQUIRE(trace.ok());
    std::string told;
    for (const Event& event : trace->events)
        told += std::to_string(event.time_ns / 1000 - start_us) + " " + event.flow.local.text() + " " + event.flow.peer.text() + " " + sentence(event) + "\n";
    CHECK(told ==
          "0 *:* 10.2.0.2:5061 connect() to 10.2.0.2:5061\n"
          "10 10.1.0.2:40001 10.2.0.2:5061 state CLOSE -> SYN_SENT, SYN seq 7000\n"
          "30 10.1.0.2:40001 10.2.0.2:5061 SYN out seq 7000 win 64240 ttl 63 id 4660\n"
          "21000000 10.1.0.2:40001 10.2.0.2:5061 socket error ETIMEDOUT (Connection timed out), STATUS_IO_TIMEOUT reported\n");
    REQUIRE(trace->events.size() == 4);
    CHECK(trace->events[0].cookie == trace->events[1].cookie);
    CHECK(trace->events[2].as<Segment>()->frame == 4);
    CHECK(trace->events[2].as<Segment>()->ttl == 63);
    CHECK(trace->info.meta.at("time.zone") == "file");
    CHECK(trace->info.foreign_packets == 1);
    CHECK_FALSE(trace->info.cut_off);
}

TEST_CASE("a packet's direction comes from the file where that tells it") {
    WindowsFile file;
    file.tcpip(0, "TCP: connection 0x1 transition from ClosedState to ListenState.");
    const std::uint32_t inbound = pcapng::flag_inbound;
    file.syn(10, file.option(pcapng::option::packet_flags, file.u32(inbound)) + file.u32(0));
    const auto trace = decode(file.bytes);
    REQUIRE(trace.ok());
    const Event& packet = trace->events.back();
    REQUIRE(packet.as<Segment>());
    CHECK_FALSE(packet.as<Segment>()->outgoing);
    CHECK(packet.flow.local.text() == "10.2.0.2:5061");
}

TEST_CASE("journal entries in any form, whole or cut") {
    const std::string value = "TCP: two\nlines";
    WindowsFile file;
    const std::uint64_t size = value.size();
    file.entry("_COMM=Microsoft-Windows-TCPIP\nMESSAGE\n" + std::string(reinterpret_cast<const char*>(&size), sizeof size) + value + "\n_PID=7\n");
    const std::size_t at = file.bytes.find("_COMM") - 8;
    const windows::Line line = windows::parse_journal(std::string_view(file.bytes).substr(at));
    CHECK(line.provider == windows::Provider::tcpip);
    CHECK(line.body == value);
    CHECK(line.pid == 7);
    for (std::size_t length = 0; length < file.bytes.size() - at; ++length) (void)windows::parse_journal(std::string_view(file.bytes).substr(at, length));
    const windows::Line lie = windows::parse_journal(std::string(8, '\0') + "MESSAGE\n" + std::string(8, '\xff') + "abcd");
    CHECK(lie.body.empty());
}

TEST_CASE("a pcapng with Windows events cut anywhere yields what is there and says so") {
    const std::string whole = failed_connect(false).bytes;
    for (std::size_t size = 0; size < whole.size(); ++size)
        if (const auto trace = decode(whole.substr(0, size))) CHECK((trace->info.cut_off || size % 4 == 0));
    CHECK(decode(WindowsFile().syn(1).bytes).error().message == "no event of a Windows trace is in its journal blocks");
}
