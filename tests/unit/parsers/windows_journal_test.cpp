#include "parsers/windows_journal.h"

#include <catch2/catch.hpp>

#include "model/describe.h"
#include "support/memory_source.h"
#include "support/windows_file.h"

using namespace tcpwitness;

namespace {

struct Seen {
    std::size_t packets = 0;
    std::optional<Trace> events;
    std::vector<Address> own;
    std::string cut_note;
};

Seen read(std::string bytes) {
    MemorySource source(std::move(bytes), 11);
    Seen seen;
    const auto reader = open_capture(source);
    if (!reader) return seen;
    CapturedPacket packet;
    for (auto more = (*reader)->next(packet); more && *more; more = (*reader)->next(packet)) ++seen.packets;
    seen.own = (*reader)->own_addresses();
    seen.events = (*reader)->host_events();
    seen.cut_note = (*reader)->cut_note();
    return seen;
}

}  // namespace

TEST_CASE("a Windows host's events stand among the packets of its capture, which tell of their sockets") {
    const Seen seen = read(WindowsFile::failed_connect(GENERATE(false, true)).bytes);
    CHECK(seen.packets == 1);
    CHECK(seen.own == std::vector<Address>{*Address::parse("10.1.0.2")});
    REQUIRE(seen.events);
    std::string told;
    for (const Event& event : seen.events->events)
        told += std::to_string(event.time_ns / 1000 - WindowsFile::start_us) + " " + event.flow.local.text() + " " + event.flow.peer.text() + " " + sentence(event) + "\n";
    CHECK(told ==
          "0 *:* 10.2.0.2:5061 connect() to 10.2.0.2:5061\n"
          "10 10.1.0.2:40001 10.2.0.2:5061 state CLOSE -> SYN_SENT, SYN seq 7000\n"
          "21000000 10.1.0.2:40001 10.2.0.2:5061 socket error ETIMEDOUT (Connection timed out), STATUS_IO_TIMEOUT reported\n");
    REQUIRE(seen.events->events.size() == 3);
    CHECK(seen.events->events[0].cookie == seen.events->events[1].cookie);
    CHECK(seen.events->info.meta.at("time.zone") == "file");
    CHECK(seen.events->info.foreign_packets == 1);
}

TEST_CASE("a packet's direction, where the file tells it, says which address is the host's") {
    for (const bool inbound : {true, false}) {
        WindowsFile file;
        file.tcpip(0, "TCP: connection 0x1 transition from ClosedState to ListenState.");
        file.syn(10, file.option(pcapng::option::packet_flags, file.u32(inbound ? pcapng::flag_inbound : pcapng::flag_outbound)) + file.u32(0));
        CHECK(read(file.bytes).own == std::vector<Address>{*Address::parse(inbound ? "10.2.0.2" : "10.1.0.2")});
    }
}

TEST_CASE("events may begin anywhere in a capture, and other programs' journal blocks are none") {
    WindowsFile late;
    for (int i = 0; i < 3'000; ++i) late.syn(static_cast<std::uint64_t>(i));
    late.tcpip(5'000, "TCP: connection 0x1 transition from ClosedState to ListenState.");
    CHECK(read(late.bytes).packets == 3'000);
    CHECK(read(late.bytes).events);
    WindowsFile others;
    others.syn(1).says(2, "tcpwitness", "state CLOSE -> SYN_SENT").says(3, "Microsoft-Windows-DNS-Client", "of no interest").syn(4);
    CHECK(read(others.bytes).packets == 2);
    CHECK_FALSE(read(others.bytes).events);
    CHECK(read(others.bytes).own.empty());
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
    std::string lying(8, '\0');
    lying += "MESSAGE\n" + std::string(8, '\xff') + "abcd";
    CHECK(windows::parse_journal(lying).body.empty());
}

TEST_CASE("a capture with Windows events cut anywhere yields what is there and says so") {
    const std::string whole = WindowsFile::failed_connect().bytes;
    std::size_t events = 0;
    for (std::size_t size = 0; size < whole.size(); ++size) {
        const Seen seen = read(whole.substr(0, size));
        if (seen.events) {
            CHECK(seen.events->events.size() >= events);
            events = seen.events->events.size();
            CHECK((!seen.cut_note.empty() || size % 4 == 0));
        }
    }
    CHECK(events == 2);
}
