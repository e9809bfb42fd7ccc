// Windows traces as people paste them: excerpts of Network Monitor's rows, with what mails and web pages make of them.
#include <catch2/catch.hpp>

#include "model/describe.h"
#include "model/not_shown.h"
#include "parsers/windows_text.h"
#include "support/memory_source.h"

using namespace tcpwitness;

namespace {

Trace read(std::string text, WindowsTextOptions options = {}) {
    MemorySource source(std::move(text));
    auto trace = decode_windows_text(source, options);
    REQUIRE(trace.ok());
    return std::move(*trace);
}

std::string told(const Trace& trace) {
    std::string text;
    for (const Event& event : trace.events)
        text += "+" + std::to_string((event.time_ns - trace.events.front().time_ns) / 1000) + " " + event.flow.local.text() + " " + event.flow.peer.text() + " " + sentence(event) + "\n";
    return text;
}

std::string told(const std::string& text) { return told(read(text)); }

std::string replaced(std::string text, const std::string& what, const std::string& with) {
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size())) text.replace(at, what.size(), with);
    return text;
}

const std::string syn = "501  9:20:31 AM 5/6/2014  40.1000000  Idle (0)  10.8.0.5  10.8.0.9  TCP  TCP:Flags=......S., SrcPort=40100, DstPort=8443, PayloadLen=0, Seq=70001, Ack=0, Win=8192 (  ) = 8192\n";
const std::string answer =
    "502  9:20:31 AM 5/6/2014  40.1002500  Idle (0)  10.8.0.9  10.8.0.5  TCP  TCP: [Bad CheckSum]Flags=...A..S., SrcPort=8443, DstPort=40100, PayloadLen=0, Seq=90001, Ack=70002, Win=8192 ( Scale factor not supported ) = 8192\n";
const std::string reset = "503  9:20:31 AM 5/6/2014  40.1006000  Idle (0)  10.8.0.5  10.8.0.9  TCP  TCP:Flags=...A.R.., SrcPort=40100, DstPort=8443, PayloadLen=0, Seq=70002, Ack=90002, Win=8192\n";
const std::string again =
    "640  9:20:34 AM 5/6/2014  43.1050000  Idle (0)  10.8.0.5  10.8.0.9  TCP  TCP:[SynReTransmit #501]Flags=......S., SrcPort=40100, DstPort=8443, PayloadLen=0, Seq=70001, Ack=0, Win=8192 (  ) = 8192\n";

const char* const all_told =
    "+0 10.8.0.9:8443 10.8.0.5:40100 SYN in seq 70001 win 8192\n"
    "+250 10.8.0.9:8443 10.8.0.5:40100 SYN-ACK out seq 90001 ack 70002 win 8192\n"
    "+600 10.8.0.9:8443 10.8.0.5:40100 RST-ACK in seq 70002 ack 90002 win 8192\n"
    "+3005000 10.8.0.9:8443 10.8.0.5:40100 SYN in seq 70001 win 8192\n";

}  // namespace

TEST_CASE("Excerpts in any order, prose between, rows twice: one trace") {
    CHECK(told(syn + answer + reset + again) == all_told);
    CHECK(told(again + "Hello,\n\n" + reset + "\n" + syn + "and then the answer:\n" + answer + "\n\nRegards\n") == all_told);
    const Trace twice = read(syn + answer + reset + "Once more, only the resets:\n" + replaced(reset, "  ", " ") + again + syn);
    CHECK(told(twice) == all_told);
    CHECK(twice.info.meta.at("text.repeated_rows") == "2");
}

TEST_CASE("A column that was cut: what it does not show is not 0") {
    const Trace trace = read(syn + answer.substr(0, answer.find(", Win=") + 1) + "\n" + reset.substr(0, reset.find("Ack=") + 6) + "\n");
    REQUIRE(trace.events.size() == 3);
    const Segment &answered = *trace.events[1].as<Segment>(), &refused = *trace.events[2].as<Segment>();
    CHECK(answered.window == 65535);
    CHECK(answered.marks & segment_mark::window_not_shown);
    CHECK_FALSE(answered.marks & segment_mark::numbers_not_shown);
    CHECK(refused.marks & segment_mark::numbers_not_shown);
}

TEST_CASE("A row's remarks, with blanks or without") {
    for (const auto& [what, with] : {std::pair("TCP: [Bad CheckSum]Flags", "TCP:[Bad CheckSum] Flags"), {"TCP:[SynReTransmit #501]Flags", "TCP: [SynReTransmit #501] Flags"}, {"[Bad CheckSum]F", "[Bad CheckSum] [ReTransmit #502]F"}, {"  ", "\t"}, {"  ", "\xc2\xa0\xc2\xa0"}})
        CHECK(told(replaced(syn + answer + reset + again, what, with)) == all_told);
}

TEST_CASE("Columns that ran together") {
    CHECK(told(replaced(syn + answer + reset + again, "  TCP  TCP", "TCP  TCP")) == all_told);
    CHECK(told(replaced(syn + answer + reset + again, "10.8.0.9  TCP", "10.8.0.9TCP  ")) == all_told);
}

TEST_CASE("Columns that are not there: the process, the date") {
    CHECK(told(replaced(syn + answer + reset + again, "Idle (0)  ", "")) == all_told);
    CHECK(told(replaced(replaced(replaced(syn + answer + reset + again, " AM 5/6/2014", ""), "9:20:31", ""), "9:20:34", "")) == all_told);
}

TEST_CASE("Hosts by name in the columns of addresses") {
    const std::string named = replaced(replaced(syn + answer + reset + again, "10.8.0.9", "WEB01.example.org"), "10.8.0.5", "pc7");
    CHECK(told(named) == replaced(replaced(all_told, "10.8.0.9", "WEB01.example.org"), "10.8.0.5", "pc7"));
    CHECK(read(named).info.witnesses.front().host == "WEB01.example.org");
}

TEST_CASE("The own end: what the user says, else whose checksums were still to be filled in, else open") {
    const auto own = [](const Trace& trace) { return trace.info.witnesses.front().addresses; };
    CHECK(own(read(syn + answer)) == std::vector{*Address::parse("10.8.0.9")});
    CHECK(own(read(syn + replaced(answer, "Idle (0)", "server.exe (900)"))) == std::vector{*Address::parse("10.8.0.9")});
    CHECK(own(read(replaced(syn, "Idle (0)", "client.exe (812)") + replaced(answer, " [Bad CheckSum]", ""))) == std::vector{*Address::parse("10.8.0.5")});
    CHECK(own(read(syn + answer, {{}, {*Address::parse("10.8.0.5")}})) == std::vector{*Address::parse("10.8.0.5")});
    const Trace open = read(syn + again);
    CHECK(own(open).empty());
    CHECK(open.info.meta.at("own_end") == "guessed");
}

TEST_CASE("What no Windows trace is, is not taken for one") {
    for (const char* const text : {"", "hello\n", "2024-03-02 09:14:02.100 ERROR connect to 10.8.0.9:8443 failed\n", "[2024-03-02 09:14:02] [core:error] [pid 14] AH00035\n", "[    0.000000] Linux version 6.1.0\n",
                                   "[12] Hauser, 2003. TCP:Flags\n", "1. Introduction\n2. TCP:Flags and what they mean\n", "int flags = 5; // TCP:Flags=......S.\n", "<p>501 9:20 TCP:Flags=S</p>\n",
                                   "10.8.0.5 - - [06/May/2014:09:20:31 +0000] \"GET / HTTP/1.1\" 200 5\n", "12:00:00 up 3 days\n", "9:20:31 AM we saw TCP: Flags=S in the trace\n"}) {
        INFO(text);
        CHECK_FALSE(is_windows_text(text));
    }
    CHECK(is_windows_text("some words\n" + syn));
}
