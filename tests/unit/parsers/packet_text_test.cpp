#include "parsers/packet_text.h"

#include <catch2/catch.hpp>

#include <fmt/format.h>

#include "model/describe.h"
#include "parsers/packet_row.h"
#include "support/memory_source.h"
#include "support/samples.h"

using namespace tcpwitness;

namespace {

Trace read(std::string text, const PacketTextOptions& options = {}) {
    MemorySource source(std::move(text));
    auto traces = decode_packet_text(source, options);
    REQUIRE(traces.ok());
    return std::move(traces->front());
}

std::vector<Trace> read_all(std::string text) {
    MemorySource source(std::move(text));
    auto traces = decode_packet_text(source);
    REQUIRE(traces.ok());
    return std::move(*traces);
}

/// "+microseconds from to what", a line for each packet.
std::string told(const Trace& trace) {
    std::string text;
    for (const Event& event : trace.events) {
        const Segment& segment = *event.as<Segment>();
        const std::string what = sentence(event);
        text += "+" + std::to_string((event.time_ns - trace.events.front().time_ns) / 1000) + " " + event.flow.local.text() + " " + event.flow.peer.text() + " " + what.substr(0, what.find(" win")) +
                (segment.payload ? " len " + std::to_string(segment.payload) : "") + "\n";
    }
    return text;
}

std::string told(const std::string& text) { return told(read(text)); }

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

const char* const list =
    "No.     Time           Source      Destination  Protocol Length Info\n"
    "     71 4.100000       10.8.0.5    10.8.0.9     TCP      66     40100 > 8443 [SYN] Seq=0 Win=64240 Len=0 MSS=1460 WS=128\n"
    "     72 4.100400       10.8.0.9    10.8.0.5     TCP      66     8443 > 40100 [SYN, ACK] Seq=0 Ack=1 Win=65160 Len=0 MSS=1460 WS=128\n"
    "     73 4.100500       10.8.0.5    10.8.0.9     TCP      54     40100 > 8443 [ACK] Seq=1 Ack=1 Win=64256 Len=0\n"
    "     80 4.900000       10.8.0.9    10.8.0.5     TCP      54     8443 > 40100 [RST, ACK] Seq=1 Ack=1 Win=0 Len=0\n";

const char* const list_told =
    "+0 10.8.0.5:40100 10.8.0.9:8443 SYN out seq 0\n"
    "+400 10.8.0.9:8443 10.8.0.5:40100 SYN-ACK out seq 0 ack 1\n"
    "+500 10.8.0.5:40100 10.8.0.9:8443 ACK out seq 1 ack 1\n"
    "+800000 10.8.0.9:8443 10.8.0.5:40100 RST-ACK out seq 1 ack 1\n";

std::string replaced(std::string text, const std::string& what, const std::string& with) {
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size())) text.replace(at, what.size(), with);
    return text;
}

/// A SYN's number, and what tcpdump makes of the later ones.
std::string exchange(std::uint32_t isn, std::uint32_t peer_isn, bool whole) {
    const auto mine = [&](std::uint32_t n) { return std::to_string(whole ? isn + n : n); };
    const auto its = [&](std::uint32_t n) { return std::to_string(whole ? peer_isn + n : n); };
    return "09:14:02.100000 IP 10.8.0.5.40100 > 10.8.0.9.8443: Flags [S], seq " + std::to_string(isn) + ", win 64240, length 0\n"
           "09:14:02.100100 IP 10.8.0.9.8443 > 10.8.0.5.40100: Flags [S.], seq " + std::to_string(peer_isn) + ", ack " + std::to_string(isn + 1) + ", win 65160, length 0\n"
           "09:14:02.100200 IP 10.8.0.5.40100 > 10.8.0.9.8443: Flags [.], ack " + its(1) + ", win 502, length 0\n"
           "09:14:02.100300 IP 10.8.0.5.40100 > 10.8.0.9.8443: Flags [P.], seq " + mine(1) + ":" + mine(79) + ", ack " + its(1) + ", win 502, length 78: HTTP\n"
           "09:14:02.100400 IP 10.8.0.9.8443 > 10.8.0.5.40100: Flags [P.], seq " + its(1) + ":" + its(11) + ", ack " + mine(79) + ", win 509, length 10: HTTP\n"
           "09:14:02.100500 IP 10.8.0.5.40100 > 10.8.0.9.8443: Flags [R], seq " + std::to_string(isn + 79) + ", win 0, length 0\n";
}

}  // namespace

TEST_CASE("Wireshark's packet list as text") { CHECK(told(list) == list_told); }

TEST_CASE("A packet list in the other shapes that people paste") {
    CHECK(told(replaced(list, " > ", " \xe2\x86\x92 ")) == list_told);
    CHECK(told(replaced(list, "     ", "\t")) == list_told);
    CHECK(told(replaced(list, " ", "\xc2\xa0")) == list_told);
    CHECK(told(replaced(list, "\n", "\r\n\r\n")) == list_told);
    CHECK(told(utf16(list)) == list_told);
    CHECK(told(replaced(replaced(list, "10.8.0.5    10.8.0.9", "10.8.0.5 \xe2\x86\x92 10.8.0.9"), "10.8.0.9    10.8.0.5", "10.8.0.9 -> 10.8.0.5")) == list_told);
    CHECK(told(replaced(list, "[SYN, ACK]", "[SYN,\nACK]")) == list_told);
    CHECK(told(replaced(list, "[RST, ACK] Seq", "[RST, ACK]\nSeq")) == list_told);
    CHECK(told(replaced(list, "Ack=1 Win=64256", "\nAck=1 Win=64256")) == list_told);
    CHECK(told(replaced(list, "8443 [", "pcsync-https(8443) [")) == list_told);
}

TEST_CASE("A packet list as CSV, and as a table of Markdown") {
    const char* const csv =
        "\"No.\",\"Time\",\"Source\",\"Destination\",\"Protocol\",\"Length\",\"Info\"\n"
        "\"1\",\"0.000000\",\"10.8.0.5\",\"10.8.0.9\",\"TCP\",\"66\",\"40100  >  8443 [SYN] Seq=0 Win=64240 Len=0\"\n"
        "\"2\",\"0.020000\",\"10.8.0.9\",\"10.8.0.5\",\"TCP\",\"54\",\"8443  >  40100 [RST, ACK] Seq=1 Ack=1 Win=0 Len=0\"\n";
    const char* const both = "+0 10.8.0.5:40100 10.8.0.9:8443 SYN out seq 0\n+20000 10.8.0.9:8443 10.8.0.5:40100 RST-ACK out seq 1 ack 1\n";
    CHECK(told(csv) == both);
    CHECK(told("| 1 | 0.000000 | 10.8.0.5 | 10.8.0.9 | TCP | 66 | 40100 > 8443 [SYN] Seq=0 Win=64240 Len=0 |\n"
               "|---|---|\n"
               "| 2 | 0.020000 | 10.8.0.9 | 10.8.0.5 | TCP | 54 | 8443 > 40100 [RST, ACK] Seq=1 Ack=1 Win=0 Len=0 |\n") == both);
}

TEST_CASE("Rows of a packet list come in any order, and twice") {
    std::string text, line;
    std::vector<std::string> lines;
    for (const char c : std::string(list)) {
        line += c;
        if (c == '\n') lines.push_back(std::exchange(line, ""));
    }
    for (auto row = lines.rbegin(); row != lines.rend(); ++row) text += *row + "and here we see\n";
    CHECK(told(text) == list_told);
    const Trace twice = read(text + list);
    CHECK(told(twice) == list_told);
    CHECK(twice.info.meta.at("text.repeated_rows") == "4");
    CHECK(twice.info.meta.at("text.relative_time") == "yes");
    CHECK(twice.info.meta.at("time.zone") == "none");
    CHECK(twice.info.started_ns != 0);
}

TEST_CASE("A list whose times count from the row before") {
    const Trace trace = read("1 0.000000 10.8.0.5 10.8.0.9 TCP 66 40100 > 8443 [SYN] Seq=0 Win=64240 Len=0\n"
                             "2 1.000000 10.8.0.5 10.8.0.9 TCP 66 [TCP Retransmission] 40100 > 8443 [SYN] Seq=0 Win=64240 Len=0\n"
                             "3 0.000500 10.8.0.9 10.8.0.5 TCP 66 8443 > 40100 [SYN, ACK] Seq=0 Ack=1 Win=65160 Len=0\n");
    CHECK(trace.events.back().time_ns - trace.events.front().time_ns == 1'000'500'000);
    CHECK(trace.events.back().as<Segment>()->syn_ack());
    CHECK(trace.info.meta.at("text.relative_time") == "differences");
}

TEST_CASE("Rows of protocols over TCP are data of the only connection, and of none where there are two") {
    const std::string tls = "     75 4.200000       10.8.0.5    10.8.0.9     TLSv1.2  271    Client Hello\n";
    const Trace one = read(list + tls);
    REQUIRE(one.events.size() == 5);
    CHECK(one.events[3].as<Segment>()->payload == 271 - 54);
    CHECK(one.events[3].flow.peer.text() == "10.8.0.9:8443");
    CHECK(one.info.meta.at("text.rows_without_ports") == "1");
    const Trace two = read(list + tls + "     76 4.300000       10.8.0.5    10.8.0.9     TCP      66     40101 > 8443 [SYN] Seq=0 Win=64240 Len=0\n");
    CHECK(two.events.size() == 5);
    CHECK(two.info.unknown_records == 1);
}

TEST_CASE("Rows that say TCP and cannot be read are counted as that, others as others") {
    const Trace trace = read(std::string(list) + "     90 5.0       10.8.0.5    10.8.0.9     TCP      66     40100 > what? [SYN] no numbers\n"
                                                 "     91 5.1       10.8.0.5    10.8.0.9     ICMP     70     Destination unreachable (Port unreachable)\n"
                                                 "     92 5.2       10.8.0.5    10.8.0.1     DNS      70     Standard query 0x1 A example.org\n");
    CHECK(trace.events.size() == 4);
    CHECK(trace.info.unknown_records == 1);
    CHECK(trace.info.foreign_packets == 1);
    CHECK(trace.info.undecoded.size() == 1);
    const Trace dump = read("14:00:00.1 IP a.example.40100 > b.example.99: Flags [S], seq 1, win 5, length 0\n"
                            "14:00:00.2 IP a.example.?? > b.example.99: Flags [.], ack 1, win 5, length 0\n"
                            "14:00:00.3 IP a.example.40100 > b.example.99: Flags [P.], seq\n"
                            "14:00:00.4 IP (tos 0x0, ttl 64, id 7, offset 0, flags [DF], proto TCP (6), length 60)\n"
                            "14:00:00.5 ARP, Request who-has 10.8.0.1 tell 10.8.0.5, length 28\n"
                            "14:00:00.6 IP 10.8.0.5.5353 > 10.8.0.1.53: 1+ A? example.org. (29)\n");
    CHECK(dump.events.size() == 1);
    CHECK(dump.info.unknown_records == 3);
    CHECK(dump.info.foreign_packets == 1);
}

TEST_CASE("A port that is shown by a name which nobody knows is a port all the same") {
    const Trace trace = read("14:00:00.1 IP a.example.sometool > b.example.https: Flags [S], seq 9, win 5, length 0\n"
                             "14:00:00.2 IP b.example.https > a.example.sometool: Flags [R.], seq 0, ack 10, win 0, length 0\n");
    REQUIRE(trace.events.size() == 2);
    CHECK(trace.events[0].flow == trace.events[1].flow.reversed());
    CHECK(trace.events[0].flow.peer.port == 443);
    CHECK(trace.info.unknown_records == 0);
    CHECK(trace.info.meta.at("text.port_names") == "sometool " + std::to_string(trace.events[0].flow.local.port));
    CHECK(read(replaced(list, "40100", "odd-name")).events.size() == 4);
}

TEST_CASE("What a row does not show is not taken for 0") {
    const Trace cut = read("14:00:00.1 IP 10.8.0.5.40100 > 10.8.0.9.8443: Flags [S], seq 7000,\n"
                           "14:00:00.2 IP 10.8.0.9.8443 > 10.8.0.5.40100: Flags [S.], seq 500, ack 70\n"
                           "14:00:00.3 IP 10.8.0.5.40100 > 10.8.0.9.8443: Flags [P.], seq 1:79, ack 1, win 5\n");
    REQUIRE(cut.events.size() == 3);
    CHECK(sentence(cut.events[0]) == "SYN out seq 7000");
    CHECK(sentence(cut.events[1]) == "SYN-ACK out: numbers not shown");  // "70" may be the beginning of 7001
    CHECK(cut.events[1].as<Segment>()->ack == 7001);
    CHECK(sentence(cut.events[2]) == "PSH-ACK out seq 7001 ack 501 len 78");
    for (const Event& event : cut.events) CHECK(event.as<Segment>()->window == 65535);
    const Trace scaled = read(replaced(list, "Win=64256", "Win=131072"));
    CHECK(sentence(scaled.events[2]) == "ACK out seq 1 ack 1");
}

TEST_CASE("tcpdump -v however a mail broke it") {
    const std::string whole =
        "09:14:02.100000 IP (tos 0x0, ttl 64, id 7, offset 0, flags [DF], proto TCP (6), length 60) 10.8.0.5.40100 > 10.8.0.9.8443: Flags [S], cksum 0x1c2b (correct), seq 7000, win 64240, options [mss 1460,sackOK,TS val 5 ecr 0], length 0";
    const std::string told_whole = told(whole + "\n");
    REQUIRE(told_whole == "+0 10.8.0.5:40100 10.8.0.9:8443 SYN out seq 7000\n");
    for (std::size_t at = whole.find(' '); at != std::string::npos; at = whole.find(' ', at + 1)) {
        INFO(whole.substr(0, at));
        if (at < whole.find("(tos")) continue;  // what ends there is a time and no packet
        std::string broken = whole;
        broken[at] = '\n';
        CHECK(told(broken + "\n") == told_whole);
        for (std::size_t next = whole.find(' ', at + 1); next != std::string::npos; next = whole.find(' ', next + 1)) {
            std::string twice = broken;
            twice[next] = '\n';
            CHECK(told(twice + "\nas you see it is a SYN\n") == told_whole);
        }
    }
}

TEST_CASE("tcpdump -e that a mail broke behind its MAC addresses") {
    CHECK(told("2024-05-29 11:46:02.331891 52:54:00:1d:a4:24 > 52:54:00:a0:93:93,\nethertype IPv4 (0x0800), length 66: 10.8.0.5.40100 >\n10.8.0.9.8443: Flags [S], seq 7000, win 2356,\noptions [mss 1460], length 0\n") ==
          "+0 10.8.0.5:40100 10.8.0.9:8443 SYN out seq 7000\n");
    CHECK(read("09:14:02.1 52:54:00:1d:a4:24 > ff:ff:ff:ff:ff:ff, ethertype ARP (0x0806), length 42: Request who-has 10.8.0.1 tell 10.8.0.5, length 28\n" + std::string(list)).info.unknown_records == 0);
}

TEST_CASE("tcpdump before 4.0, with -v and however broken") {
    const std::string row = "16:48:49.844750 IP (tos 0x0, ttl 64, id 7514, offset 0, flags [DF], proto TCP (6), length 60) 10.8.0.5.40100 > 10.8.0.9.www: S, cksum 0x0dcf (correct), 7000:7000(0) win 5840 <mss 1460,sackOK,timestamp 5 0>\n";
    CHECK(told(row) == "+0 10.8.0.5:40100 10.8.0.9:80 SYN out seq 7000\n");
    CHECK(told("16:48:49.8 IP 10.8.0.5.40100 > 10.8.0.9.www: S [bad tcp cksum 1c2b (->77aa)!] 7000:7000(0) win 5840\n") == "+0 10.8.0.5:40100 10.8.0.9:80 SYN out seq 7000\n");
    const Trace wrapped = read("16:48:49.8 IP 10.8.0.5.40100 > 10.8.0.9.www: S \n7000:7000(0) win 5840 <mss 1460,sackOK,timestamp 5 \n0,nop,wscale 2>\n"
                               "16:48:49.9 IP 10.8.0.9.www > 10.8.0.5.40100: R \n0:0(0) ack 7001 win 0\n");
    CHECK(told(wrapped) == "+0 10.8.0.5:40100 10.8.0.9:80 SYN out seq 7000\n+100000 10.8.0.9:80 10.8.0.5:40100 RST-ACK out seq 0 ack 7001\n");
    CHECK(wrapped.info.unknown_records + wrapped.info.foreign_packets == 0);
}

TEST_CASE("What stands before a row does not matter") {
    const std::string row = "09:14:02.100000 IP 10.8.0.5.40100 > 10.8.0.9.8443: Flags [S], seq 7000, win 64240, length 0";
    const std::string expected = "+0 10.8.0.5:40100 10.8.0.9:8443 SYN out seq 7000\n";
    for (const std::string& text : {"* " + row, "    # " + row, "| " + row + " |", "Nov 29 10:00:00 edge tcpdump[7]: " + row, "eth0 " + replaced(row, "02.1", "02,1"), replaced(replaced(row, ": Flags", ":Flags"), " > ", " >")}) {
        INFO(text);
        const Trace trace = read(text + "\n");
        CHECK(told(trace) == expected);
        CHECK(trace.events.front().time_ns % 1'000'000'000 == 100'000'000);
    }
    CHECK(told("  1\t     71 4.100000       10.8.0.5 -> 10.8.0.9 TCP 66 40100 > 8443 [SYN] Seq=0 Win=64240 Len=0\n") == "+0 10.8.0.5:40100 10.8.0.9:8443 SYN out seq 0\n");
    CHECK(told("34.439160    10.8.0.5 -> 10.8.0.9    TCP 40100 > microsoft-ds [SYN] Seq=0 Win=64240 Len=0\n") == "+0 10.8.0.5:40100 10.8.0.9:445 SYN out seq 0\n");
}

TEST_CASE("Rows without numbers fill what lies between numbers that are shown: nothing there looks sent again or lost") {
    const Trace trace = read("1 0.0 10.8.0.5 10.8.0.9 TCP 66 40100 > 2049 [ACK] Seq=100 Ack=50 Win=9 Len=0\n"
                             "2 0.1 10.8.0.5 10.8.0.9 NFS 154 V4 Call\n"
                             "3 0.2 10.8.0.5 10.8.0.9 NFS 254 [TCP Retransmission] V4 Call\n"
                             "4 0.3 10.8.0.9 10.8.0.5 TCP 66 2049 > 40100 [ACK] Seq=50 Ack=700 Win=9 Len=0\n"
                             "5 0.4 10.8.0.5 10.8.0.9 TCP 166 40100 > 2049 [PSH, ACK] Seq=700 Ack=50 Win=9 Len=100\n");
    REQUIRE(trace.events.size() == 5);
    CHECK(trace.info.unknown_records == 0);
    const auto segment = [&](std::size_t i) { return *trace.events[i].as<Segment>(); };
    CHECK(segment(1).seq == 100);
    CHECK(segment(1).payload == 100);
    CHECK(segment(2).seq == 200);
    CHECK(segment(2).seq + segment(2).payload == 700);
    CHECK(sentence(trace.events[1]) == "PSH-ACK out: numbers not shown");
    CHECK(segment(1).window != 0);
    const Trace udp = read("1 0.0 10.8.0.5 10.8.0.9 TCP 66 40100 > 22 [ACK] Seq=100 Ack=50 Win=9 Len=0\n2 0.1 10.8.0.5 10.8.0.7 NFS 154 V3 Call\n");
    CHECK(udp.info.foreign_packets == 1);  // no TCP connection with that host is in it
}

TEST_CASE("Lists that count from their own beginnings are recordings of their own, and so are those with times of day beside them") {
    const std::string first = "1 0.000000 10.8.0.5 10.8.0.9 TCP 66 40100 > 22 [SYN] Seq=0 Win=9 Len=0\n2 0.000030 10.8.0.9 10.8.0.5 TCP 66 22 > 40100 [SYN, ACK] Seq=0 Ack=1 Win=9 Len=0\n";
    const std::string second = "1 0.000000 10.8.0.5 10.8.0.9 TCP 66 40200 > 22 [SYN] Seq=0 Win=9 Len=0\n2 0.000070 10.8.0.9 10.8.0.5 TCP 66 22 > 40200 [RST, ACK] Seq=1 Ack=1 Win=0 Len=0\n";
    const auto two = read_all(first + "and then\n" + second);
    REQUIRE(two.size() == 2);
    CHECK(told(two[0]) == told(first));
    CHECK(told(two[1]) == told(second));
    CHECK(two[0].info.meta.at("text.relative_time") == "yes");
    std::string one, later;  // no number stands twice, and yet the second list begins anew
    for (int i = 1; i < 5; ++i) {
        one += fmt::format("{} 5.{} 10.8.0.5 10.8.0.9 TCP 66 40100 > 22 [ACK] Seq={} Ack=1 Win=9 Len=1\n", i, i, i);
        later += fmt::format("{} 0.{} 10.8.0.5 10.8.0.9 TCP 66 40200 > 22 [ACK] Seq={} Ack=1 Win=9 Len=1\n", i + 10, i, i);
    }
    CHECK(read_all(one + later).size() == 2);
    CHECK(read_all(first + first).size() == 1);   // pasted twice
    CHECK(read_all(replaced(replaced(second, "1 0.0000", "3 0.1000"), "2 0.0000", "4 0.1000") + first).size() == 1);  // excerpts of one, in another order
    const auto clocks = read_all("09:14:02.1 eth0 Out IP 10.9.0.1.1 > 10.9.0.2.2: Flags [S], seq 1, win 9, length 0\n" + first);
    REQUIRE(clocks.size() == 2);
    CHECK(clocks[0].info.witnesses.front().addresses.size() == 1);
    CHECK(clocks[1].info.witnesses.front().addresses.empty());
}

TEST_CASE("tcpdump's numbers are counted from a connection's first ones, however small or large these are, and with -S are not") {
    for (const auto& [isn, peer_isn] : {std::pair(3'721'156'848u, 91u), {1'848u, 4'294'967'290u}, {4'294'967'295u, 2'000'000'000u}, {0u, 1u}}) {
        const std::string whole = told(exchange(isn, peer_isn, true));
        CHECK(told(exchange(isn, peer_isn, false)) == whole);
        CHECK(contains(whole, "+300 10.8.0.5:40100 10.8.0.9:8443 PSH-ACK out seq " + std::to_string(isn + 1)));
        CHECK(contains(whole, "ack " + std::to_string(isn + 79)));
    }
}

TEST_CASE("tcpdump without the beginning: the first packet shows whole numbers, the others count from them") {
    const Trace trace = read("09:14:02.1 IP 10.8.0.5.40100 > 10.8.0.9.8443: Flags [P.], seq 2525698284:2525698384, ack 1206119216, win 502, length 100\n"
                             "09:14:02.2 IP 10.8.0.9.8443 > 10.8.0.5.40100: Flags [.], ack 100, win 502, length 0\n"
                             "09:14:02.3 IP 10.8.0.9.8443 > 10.8.0.5.40100: Flags [P.], seq 1:51, ack 100, win 502, length 50\n"
                             "09:14:02.4 IP 10.8.0.5.40100 > 10.8.0.9.8443: Flags [P.], seq 100:200, ack 51, win 502, length 100\n");
    REQUIRE(trace.events.size() == 4);
    CHECK(trace.events[1].as<Segment>()->ack == 2525698384);
    CHECK(trace.events[2].as<Segment>()->seq == 1206119216);
    CHECK(trace.events[3].as<Segment>()->seq == 2525698384);
    CHECK(trace.events[3].as<Segment>()->ack == 1206119266);
}

TEST_CASE("tcpdump's other forms") {
    const char* const syn = "10.8.0.5:40100 10.8.0.9:8443 SYN out seq 7000\n";
    const char* const tail = "Flags [S], seq 7000, win 64240, options [mss 1400,sackOK,TS val 5 ecr 0,nop,wscale 7], length 0\n";
    for (const char* const head : {"2024-03-02 09:14:02.100000 IP 10.8.0.5.40100 > 10.8.0.9.8443: ", "1709370842.100000 IP 10.8.0.5.40100 > 10.8.0.9.8443: ", " 00:00:00.000000 IP 10.8.0.5.40100 > 10.8.0.9.8443: ",
                                   "09:14:02.100000 eth0  Out IP 10.8.0.5.40100 > 10.8.0.9.8443: ",
                                   "09:14:02.100000 0a:00:00:00:00:05 > 0a:00:00:00:00:09, ethertype IPv4 (0x0800), length 74: 10.8.0.5.40100 > 10.8.0.9.8443: ",
                                   "09:14:02.100000 eth0  Out ifindex 2 0a:00:00:00:00:05 ethertype IPv4 (0x0800), length 80: 10.8.0.5.40100 > 10.8.0.9.8443: ",
                                   "09:14:02.100000 IP (tos 0x0, ttl 63, id 4551, offset 0, flags [DF], proto TCP (6), length 60)\n    10.8.0.5.40100 > 10.8.0.9.8443: ",
                                   "09:14:02.100000 IP (tos 0x0, ttl 63, id 4551, offset 0, flags [DF], proto TCP (6), length 60)\n\n10.8.0.5.40100 > 10.8.0.9.8443: "}) {
        INFO(head);
        const Trace trace = read(std::string(head) + tail);
        CHECK(told(trace) == "+0 " + std::string(syn));
        const Segment& segment = *trace.events.front().as<Segment>();
        CHECK(segment.mss == 1400);
        CHECK(segment.tsval == 5);
        CHECK(segment.ttl == (contains(head, "ttl") ? 63 : 0));
        CHECK(trace.info.meta.contains("text.no_date") == (contains(head, "09:14") && !contains(head, "2024")));
    }
    CHECK(told("09:14:02.1 IP6 2001:db8::5.40100 > 2001:db8::9.https: " + std::string(tail)) == "+0 [2001:db8::5]:40100 [2001:db8::9]:443 SYN out seq 7000\n");
    CHECK(told("09:14:02.1 IP client.40100 > web.example.net.http: " + std::string(tail)) == "+0 client:40100 web.example.net:80 SYN out seq 7000\n");
}

TEST_CASE("tcpdump before 4.0") {
    CHECK(told("14:46:17.500000 pc.example.org.32793 > web.example.org.3630: S 512625434:512625434(0) win 5840 <mss 1460,sackOK> (DF)\n"
               "14:46:17.500500 IP web.example.org.3630 > pc.example.org.32793: S 7:7(0) ack 512625435 win 5792 <mss 1460>\n"
               "14:46:17.501000 IP pc.example.org.32793 > web.example.org.3630: . ack 1 win 5840\n"
               "14:46:17.502000 IP pc.example.org.32793 > web.example.org.3630: P 1:101(100) ack 1 win 5840\n"
               "14:46:17.503000 IP web.example.org.3630 > pc.example.org.32793: R 8:8(0) win 0\n") ==
          "+0 pc.example.org:32793 web.example.org:3630 SYN out seq 512625434\n"
          "+500 web.example.org:3630 pc.example.org:32793 SYN-ACK out seq 7 ack 512625435\n"
          "+1000 pc.example.org:32793 web.example.org:3630 ACK out seq 512625435 ack 8\n"
          "+2000 pc.example.org:32793 web.example.org:3630 PSH-ACK out seq 512625435 ack 8 len 100\n"
          "+3000 web.example.org:3630 pc.example.org:32793 RST out seq 8\n");
}

TEST_CASE("tcpdump -ttt: each line's time counts from the one before") {
    const std::string syn = " IP 10.8.0.5.40100 > 10.8.0.9.8443: Flags [S], seq 7000, win 64240, length 0\n";
    const Trace trace = read(" 00:00:00.000000" + syn + " 00:00:01.000000" + syn + " 00:00:00.500000" + syn);
    REQUIRE(trace.events.size() == 3);
    CHECK(trace.events[2].time_ns - trace.events[0].time_ns == 1'500'000'000);
    CHECK(trace.info.meta.at("text.relative_time") == "differences");
}

TEST_CASE("Times without a date go on behind midnight") {
    const std::string syn = " IP 10.8.0.5.40100 > 10.8.0.9.8443: Flags [S], seq 7000, win 64240, length 0\n";
    const Trace trace = read("23:59:59.500000" + syn + "00:00:00.500000" + syn);
    CHECK(trace.events[1].time_ns - trace.events[0].time_ns == 1'000'000'000);
}

TEST_CASE("A line of tcpdump that stands in two excerpts is one packet") {
    const std::string one = "09:14:02.100300 IP 10.8.0.5.40100 > 10.8.0.9.8443: Flags [S], seq 7000, win 64240, length 0\n";
    const Trace trace = read(one + "and again:\n" + one);
    CHECK(trace.events.size() == 1);
    CHECK(trace.info.meta.at("text.repeated_rows") == "1");
}

TEST_CASE("The own end of packet rows: as given, by direction, by checksums still to be filled in; else open") {
    const std::string syn = "10.8.0.5.40100 > 10.8.0.9.8443: Flags [S], seq 7000, win 64240, length 0\n";
    const auto own = [](const Trace& trace) { return trace.info.witnesses.front().addresses; };
    CHECK(own(read("09:14:02.1 IP " + syn)).empty());
    CHECK(own(read("09:14:02.1 eth0  In  IP " + syn)) == std::vector{*Address::parse("10.8.0.9")});
    CHECK(own(read("09:14:02.1 eth0  Out IP " + syn)) == std::vector{*Address::parse("10.8.0.5")});
    CHECK(own(read("09:14:02.1 IP (ttl 64, id 1, proto TCP (6), length 60)\n    10.8.0.5.40100 > 10.8.0.9.8443: Flags [S], cksum 0x1c2b (incorrect -> 0x77aa), seq 7000, win 64240, length 0\n")) ==
          std::vector{*Address::parse("10.8.0.5")});
    const Trace given = read("09:14:02.1 eth0  Out IP " + syn, {{}, {*Address::parse("10.8.0.9")}});
    CHECK(own(given) == std::vector{*Address::parse("10.8.0.9")});
    CHECK_FALSE(given.events.front().as<Segment>()->outgoing);
    CHECK(given.events.front().flow.local.text() == "10.8.0.9:8443");
    CHECK(own(read(replaced(list, "Win=65160", "Win=65160 [TCP CHECKSUM INCORRECT]"))) == std::vector{*Address::parse("10.8.0.9")});
}

TEST_CASE("What no text of packets is, is not taken for one") {
    for (const char* const text : {"", "hello\n", "2024-03-02 09:14:02.100 ERROR connect to 10.8.0.9:8443 failed: IP unreachable > retry\n", "1 2.0 of the 3.0 TCP sockets > 5 were [ACK] Seq=1\n",
                                   "if (a.b > c.d: Flags [S]) return;\n", "<p>10.8.0.5.40100 &gt; 10.8.0.9.8443: Flags [S]</p>\n", "10:15:00 up 3 days, 2 users, load average: 0.10 > 0.05\n",
                                   "    1   0.000000 10.8.0.5 10.8.0.9 DNS 70 Standard query A example.org\n", "  12 10.5 tcp 40100 > 8443 SYN\n", "Mar  2 09:14:02 host kernel: IN=eth0 SRC=10.8.0.5 DST=10.8.0.9 PROTO=TCP SYN\n",
                                   "09:14:02.1 ARP, Request who-has 10.8.0.1 tell 10.8.0.5, length 28\n"}) {
        INFO(text);
        CHECK_FALSE(is_packet_text(text));
    }
    CHECK(is_packet_text(list));
    CHECK(is_packet_text("some words\n" + std::string(list)));
    MemorySource nothing("hello\n");
    CHECK(contains(decode_packet_text(nothing).error().message, "no line in it"));
}

TEST_CASE("Numbers that overflow and lines without end do no harm") {
    const std::string nines(60, '9');
    for (const char* const where : {"71", "4.100000", "10.8.0.5", "40100", "Seq=0", "Win=64240", "Len=0", "MSS=1460"}) {
        std::string text = list;
        const auto at = text.find(where);
        text.replace(at, std::string(where).size(), std::string(where) + nines);
        MemorySource source(text);
        (void)decode_packet_text(source);
    }
    CHECK(read(replaced(list, "Len=0", "Len=" + nines)).events.front().as<Segment>()->payload == 0);
    MemorySource endless(std::string(1 << 20, '1'));
    CHECK_FALSE(decode_packet_text(endless).ok());
    MemorySource quotes(std::string(1 << 20, '"'));
    CHECK_FALSE(decode_packet_text(quotes).ok());
}

TEST_CASE("A text of packets cut and flipped at every place crashes nothing") {
    const std::string all = exchange(5, 6, false) + list;
    for (std::size_t cut = 0; cut < all.size(); ++cut) {
        std::string damaged = all.substr(cut);
        damaged[damaged.size() / 2] = static_cast<char>(cut);
        damaged[damaged.size() / 3] = '\n';
        MemorySource source(std::move(damaged));
        (void)decode_packet_text(source);
    }
}

TEST_CASE("One row that is out of order does not make times differences, and differences are seen without a first row of 0") {
    std::string list_rows, dump_rows;
    for (int i = 0; i < 8; ++i) {
        const int ms = i * 100 - (i == 5 ? 101 : 0);  // the sixth row is 1 ms older than the fifth
        list_rows += fmt::format("{} {}.{:03} 10.8.0.5 10.8.0.9 TCP 66 40100 > 22 [ACK] Seq={} Ack=1 Win=9 Len=1\n", i + 1, ms / 1000, ms % 1000, i + 1);
        dump_rows += fmt::format(" 00:00:0{}.{:06} IP 10.8.0.5.40100 > 10.8.0.9.22: Flags [.], seq {}:{}, ack 1, win 9, length 1\n", i % 2, 1207 + i, i + 1, i + 2);
    }
    const Trace absolute = read(list_rows);
    CHECK(absolute.info.meta.at("text.relative_time") == "yes");
    CHECK(absolute.events.back().time_ns - absolute.events.front().time_ns == 700'000'000);
    const Trace differences = read(dump_rows);
    CHECK(differences.info.meta.at("text.relative_time") == "differences");
    CHECK(differences.events.back().time_ns - differences.events.front().time_ns > 4'000'000'000);
    for (std::size_t i = 0; i < differences.events.size(); ++i) CHECK(differences.events[i].as<Segment>()->seq == i + 1);
}

TEST_CASE("Addresses that were hidden, and names without a point, are ends all the same") {
    const std::string row = "09:14:02.1 IP 10.8.0.5.40100 > 10.8.0.9.8443: Flags [S], seq 7000, win 64240, length 0\n";
    for (const char* const hidden : {"<WANIP>", "*.*.*.*", "10.20.#.#", "x.x.x.x", "client-ip", "web"}) {
        INFO(hidden);
        const Trace trace = read(replaced(row, "10.8.0.5", hidden));
        REQUIRE(trace.events.size() == 1);
        CHECK(trace.events.front().flow.local.port == 40100);
        CHECK(read(replaced(list, "10.8.0.5", hidden)).events.size() == 4);
    }
    CHECK_FALSE(is_packet_text("1 0.5 it is said TCP 66 of them\n2 0.7 words and more TCP [SYN] in prose\n"));
}

TEST_CASE("Unfinished checksums of both ends tell no own end") {
    const std::string row = "09:14:02.1 IP 10.8.0.5.40100 > 10.8.0.9.8443: Flags [S], cksum 0x1c2b (incorrect -> 0x77aa), seq 7000, win 64240, length 0\n";
    CHECK(read(row).info.witnesses.front().addresses.size() == 1);
    CHECK(read(row + "09:14:02.2 IP 10.8.0.9.8443 > 10.8.0.5.40100: Flags [S.], cksum 0x1c2b (incorrect -> 0x77aa), seq 9, ack 7001, win 64240, length 0\n").info.witnesses.front().addresses.empty());
}

TEST_CASE("Row numbers of tcpdump and of cat -n; -q shows no flags") {
    CHECK(told("     1\t  12  09:14:02.100000 IP 10.8.0.5.40100 > 10.8.0.9.8443: Flags [S], seq 7000, win 64240, length 0\n") == "+0 10.8.0.5:40100 10.8.0.9:8443 SYN out seq 7000\n");
    const Trace quiet = read("09:14:02.1 IP 10.8.0.5.40100 > 10.8.0.9.8443: tcp 0\n");
    CHECK(quiet.info.unknown_records == 1);
}

TEST_CASE("Small numbers at the beginning of an excerpt are relative like the others") {
    const Trace trace = read("09:14:02.1 IP 10.8.0.5.40100 > 10.8.0.9.8443: Flags [P.], seq 42:1690, ack 7, win 9, length 1648\n"
                             "09:14:02.2 IP 10.8.0.9.8443 > 10.8.0.5.40100: Flags [.], ack 42, win 9, length 0\n"
                             "09:14:02.3 IP 10.8.0.5.40100 > 10.8.0.9.8443: Flags [P.], seq 42:1390, ack 7, win 9, length 1348\n");
    REQUIRE(trace.events.size() == 3);
    CHECK(trace.events[1].as<Segment>()->ack == 42);
    CHECK(trace.events[2].as<Segment>()->seq == 42);
}

TEST_CASE("Rows of a firewall's capture are read") {
    const std::string row = "15:01:45.052762 10.8.0.5.40100 > 10.8.0.9.80: S 7000:7000(0) win 8192 <mss 1380>\n";
    CHECK(told("   1: " + row) == "+0 10.8.0.5:40100 10.8.0.9:80 SYN out seq 7000\n");
    CHECK(told(replaced("  12: " + row, "762 10", "762 802.1Q vlan#7 P0 10")) == "+0 10.8.0.5:40100 10.8.0.9:80 SYN out seq 7000\n");
}

TEST_CASE("Rows behind prose, a prompt, a column or one another on one line are found; those without a time are counted") {
    const std::string row = "09:14:02.100000 IP 10.8.0.5.40100 > 10.8.0.9.8443: Flags [S], seq 7000, win 64240, length 0";
    const std::string told_of_it = "+0 10.8.0.5:40100 10.8.0.9:8443 SYN out seq 7000\n";
    CHECK(told("$ tcpdump -n " + row + "\n") == told_of_it);
    CHECK(told("text = '''" + row + "\n") == told_of_it);
    CHECK(read("two of them: " + row + " and " + replaced(row, "S], seq 7000", "S], seq 9000") + "\n").events.size() == 2);
    CHECK(read("No. Time Source Destination Protocol 1 0.000000 10.8.0.5 10.8.0.9 TCP 66 40100 > 8443 [SYN] Seq=0 Win=64240 Len=0     2 0.000400 10.8.0.9 10.8.0.5 TCP 66 8443 > 40100 [SYN, ACK] Seq=0 Ack=1 "
               "Win=65160 Len=0     3 0.000500 10.8.0.5 10.8.0.9 HTTP 300 GET / HTTP/1.1     4 0.100500 10.8.0.9 10.8.0.5 TCP 54 8443 > 40100 [RST] Seq=1 Win=0 Len=0\n").events.size() == 4);
    CHECK(read("eth 7 09:14:02.100000 10.8.0.5 10.8.0.9 TCP 66 40100 > 8443 [SYN] Seq=0 Win=64240 Len=0\n").events.size() == 1);
    CHECK(read("7 14:02.1 10.8.0.5 10.8.0.9 TCP 66 40100 > 8443 [SYN] Seq=0 Win=64240 Len=0\n").info.meta.at("text.relative_time") == "yes");
    CHECK(read("7 1474467575.009112 10.8.0.5 40100 10.8.0.9 8443 78 TCP 40100 > 8443 [SYN] Seq=0 Win=64240 Len=0\n").events.size() == 1);
    const Trace untimed = read("IP 10.8.0.5.40100 > 10.8.0.9.8443: Flags [S], seq 7000, win 64240, length 0\n10.8.0.9.8443 > 10.8.0.5.40100: Flags [S.], seq 9, ack 7001, win 64240, length 0\n");
    CHECK(untimed.events.empty());
    CHECK(untimed.info.unknown_records == 2);
    CHECK(is_packet_text("10.8.0.9.8443 > 10.8.0.5.40100: Flags [S.], seq 9, ack 7001, win 64240, length 0\n"));
}

TEST_CASE("A tuple that is used again in a list with relative numbers is another session") {
    const std::string ended = "1 0.0 10.8.0.5 10.8.0.9 TCP 66 40100 > 8443 [SYN] Seq=0 Win=64240 Len=0\n2 0.1 10.8.0.5 10.8.0.9 TCP 66 40100 > 8443 [RST] Seq=1 Win=0 Len=0\n";
    const std::string again = "3 0.2 10.8.0.5 10.8.0.9 TCP 66 40100 > 8443 [SYN] Seq=0 Win=64240 Len=0\n";
    const auto seq = [](const Trace& trace) { return trace.events.back().as<Segment>()->seq; };
    CHECK(seq(read(ended + again)) != 0);
    CHECK(seq(read(ended + replaced(again, "66 40100", "66 [TCP Retransmission] 40100"))) == 0);
    const std::string open = "1 0.0 10.8.0.5 10.8.0.9 TCP 66 40100 > 8443 [SYN] Seq=0 Win=64240 Len=0\n";
    CHECK(seq(read(open + again)) == 0);
    CHECK(seq(read(open + replaced(again, "66 40100", "66 [TCP Port numbers reused] 40100"))) != 0);
}

TEST_CASE("What pktmon prints while it runs: each packet once, however many components it passes") {
    const std::string head = "10:00:00.123456789 PktGroupId 281474976710657, PktNumber 1, Appearance 1, Direction Tx , Type Ethernet , Component 5, Edge 1, Filter 1, OriginalSize 66, LoggedSize 66\n";
    const std::string packet = "\t00-15-5D-00-01-02 > 00-15-5D-00-01-01, ethertype IPv4 (0x0800), length 66: 10.8.0.5.40100 > 10.8.0.9.8443: Flags [S], seq 7000, win 64240, options [mss 1460], length 0\n";
    const Trace trace = read(head + packet + replaced(head, "Appearance 1", "Appearance 2") + packet);
    REQUIRE(trace.events.size() == 1);
    CHECK(trace.events.front().as<Segment>()->seq == 7000);
    CHECK(trace.info.witnesses.front().addresses.size() == 1);
    CHECK(trace.info.unknown_records == 0);
}
