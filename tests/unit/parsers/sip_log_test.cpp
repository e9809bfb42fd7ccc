#include <catch2/catch.hpp>

#include "model/describe.h"
#include "parsers/sip_log.h"
#include "support/memory_source.h"
#include "support/samples.h"

using namespace tcpwitness;

namespace {

constexpr std::uint64_t ms = 1'000'000, morning = 1'357'643'937'000'000'000;  // 2013-01-08 11:18:57

std::string told(std::string text, const std::optional<TimeZone>& zone = {}) {
    MemorySource source(std::move(text));
    const auto trace = decode_sip_log(source, zone);
    REQUIRE(trace.ok());
    std::string all;
    for (const Event& event : trace->events)
        all += std::to_string((event.time_ns - morning) / ms) + " " + event.flow.local.text() + " " + event.flow.peer.text() + " " + sentence(event) + "\n";
    return all;
}

const char* const records =
    "480 *:* 192.168.3.10:5061 SIP out: INVITE sip:bob@example.com SIP/2.0 to 192.168.3.10:5061, CSeq 1 INVITE, Call-ID 017b06f397b14886bba5edf97ea206bd\n"
    "21640 *:* *:5061 SIP: Message was not sent because the connection was closed: INVITE sip:bob@example.com SIP/2.0, peer fe.example.com:5061, CSeq 1 INVITE, Call-ID 017b06f397b14886bba5edf97ea206bd, "
    "result 0xc3e93c47 SIPPROXY_E_CONNECTION_FAILED\n"
    "21700 *:* 192.168.3.10:5061 SIP in: SIP/2.0 504 Server time-out from 192.168.3.10:5061, CSeq 1 INVITE, Call-ID 017b06f397b14886bba5edf97ea206bd\n";

const char* const packets =
    "480 192.168.1.1:50357 192.168.3.10:5061 SIP out: OPTIONS sip:fe.example.com SIP/2.0 to 192.168.3.10:5061, CSeq 7 OPTIONS, Call-ID 9d2c, 412 bytes\n"
    "900 192.168.1.1:50357 192.168.3.10:5061 SIP in: SIP/2.0 200 OK from 192.168.3.10:5061, Call-ID 9d2c, 208 bytes\n";

}  // namespace

TEST_CASE("A SIP log of records, without a word of a body") { CHECK(told(sample_file("sip_records.txt")) == records); }

TEST_CASE("A SIP log of packets, without a word of a body") {
    CHECK(told(sample_file("sip_packets.txt")) == packets);
    CHECK(told(utf16(sample_file("sip_packets.txt"))) == packets);
}

TEST_CASE("A SIP log's time zone") {
    MemorySource source(sample_file("sip_packets.txt"));
    const auto trace = decode_sip_log(source, *TimeZone::parse("-05:00"));
    REQUIRE(trace.ok());
    CHECK(trace->events.front().time_ns == morning + 480 * ms + 5ull * 3600 * 1000 * ms);
    CHECK(trace->info.meta.at("time.zone") == "given");
}

TEST_CASE("A SIP log is known by what it begins with") {
    CHECK(is_sip_log(sample_file("sip_records.txt")));
    CHECK(is_sip_log(sample_file("sip_packets.txt")));
    CHECK_FALSE(is_sip_log(sample_file("network_monitor.txt")));
    CHECK_FALSE(is_sip_log("Sending Packet - 10.0.0.1:5061\n"));
    CHECK_FALSE(is_sip_log("$$begin_record\n"));
    MemorySource source("hello\n");
    CHECK(decode_sip_log(source).error().message.find("no message") != std::string::npos);
}

TEST_CASE("A SIP log cut and flipped at every place crashes nothing") {
    const std::string all = sample_file("sip_records.txt") + sample_file("sip_packets.txt");
    for (std::size_t cut = 0; cut < all.size(); ++cut) {
        std::string damaged = all.substr(cut);
        damaged[damaged.size() / 2] = static_cast<char>(cut);
        damaged[damaged.size() / 3] = '\n';
        MemorySource source(std::move(damaged));
        (void)decode_sip_log(source);
    }
}

TEST_CASE("Endless headers are cut") {
    std::string text = "01/08/2013|11:18:57.480 5E0:1A4 INFO  :: Sending Packet - 192.168.3.10:5061\n" + std::string(100'000, 'x') + "\n";
    MemorySource source(text);
    const auto trace = decode_sip_log(source);
    REQUIRE(trace.ok());
    CHECK(trace->events[0].as<Message>()->start_line.size() == 1024);
}

TEST_CASE("A SIP log's other layouts: a record whose mark has its own line, an end that is named by address, messages with both ends") {
    const std::string record =
        "TL_INFO(TF_PROTOCOL) [0]05E0.0AAC::01/08/2013-11:18:57.480.00000001 (SIPStack,Trace)\n"
        "$$begin_record\n"
        "Direction: incoming\n"
        "Peer-IP: 10.8.0.5:50777\n"
        "Local-IP: 10.8.0.9:5061\n"
        "Start-Line: BYE sip:ann@example.net SIP/2.0\n"
        "Call-ID: 77aa\n"
        "CSeq: 3 BYE\n"
        "$$end_record\n";
    CHECK(is_sip_log(record));
    CHECK(told(record) == "480 10.8.0.9:5061 10.8.0.5:50777 SIP in: BYE sip:ann@example.net SIP/2.0 from 10.8.0.5:50777, CSeq 3 BYE, Call-ID 77aa\n");
    const std::string message =
        "TL_INFO(TF_PROTOCOL) [0]0C4C.1410::01/08/2013-11:18:57.480.00000001 (S4,SipMessage)[33]\n\n"
        ">>>>>>Outgoing SipMessage c=[<SipTlsConnection_386D>], 10.8.0.9:5061->10.8.0.5:50777\n\n"
        "SIP/2.0 200 OK\n\n"
        "CSEQ: 3 BYE\n\n"
        "CALL-ID: 77aa\n\n"
        "------EndOfOutgoing SipMessage\n";
    CHECK(is_sip_log(message));
    const char* const out = "480 10.8.0.9:5061 10.8.0.5:50777 SIP out: SIP/2.0 200 OK to 10.8.0.5:50777, CSeq 3 BYE, Call-ID 77aa\n";
    CHECK(told(message) == out);
}

TEST_CASE("A SIP log that a paste has indented") {
    std::string indented;
    for (const char c : "\n" + sample_file("sip_packets.txt")) indented += c == '\n' ? std::string("\n    ") : std::string(1, c);
    CHECK(is_sip_log(indented));
    CHECK(told(indented) == packets);
}
