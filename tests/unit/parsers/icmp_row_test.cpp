// ICMP errors in pasted texts: what each says, and which connection it is about.
#include <catch2/catch.hpp>

#include <string>

#include "parsers/packet_text.h"
#include "parsers/view_source.h"

using namespace tcpwitness;

namespace {

const std::string syn = "15:01:45.0 IP 10.8.0.5.40100 > 10.8.0.9.443: Flags [S], seq 7000, win 8192, length 0\n";

Trace read(const std::string& text) {
    ViewSource source(text);
    auto traces = decode_packet_text(source);
    REQUIRE(traces.ok());
    REQUIRE(traces->size() == 1);
    return std::move(traces->front());
}

/// The one ICMP error of it, as "type/code flow".
std::string told(const std::string& text) {
    std::string all;
    for (const Event& event : read(text).events)
        if (const Icmp* icmp = event.as<Icmp>())
            all += (icmp->v6 ? "v6 " : "") + std::to_string(icmp->type) + "/" + std::to_string(icmp->code) + " " + event.flow.local.text() + " " + event.flow.peer.text() + " by " + icmp->sender.text() +
                   (icmp->mtu ? " mtu " + std::to_string(icmp->mtu) : "");
    return all;
}

std::uint64_t undecided(const Trace& trace) { return trace.info.undecoded.empty() ? 0 : trace.info.undecoded.front().second; }

}  // namespace

TEST_CASE("tcpdump's words for ICMP errors") {
    const auto [words, kind] = GENERATE(table<const char*, const char*>({
        {"host 10.8.0.9 unreachable, length 68", "3/1"},
        {"net 10.8.0.9 unreachable, length 68", "3/0"},
        {"host 10.8.0.9 unreachable - admin prohibited, length 68", "3/10"},
        {"host 10.8.0.9 unreachable - admin prohibited filter, length 68", "3/13"},
        {"net 10.8.0.9 unreachable - admin prohibited, length 68", "3/9"},
        {"10.8.0.9 tcp port 443 unreachable, length 68", "3/3"},
        {"10.8.0.9 tcp port https unreachable, length 68", "3/3"},
        {"10.8.0.9 protocol 6 unreachable, length 68", "3/2"},
        {"time exceeded in-transit, length 68", "11/0"},
    }));
    CHECK(told(syn + "15:01:46.1 IP 10.0.0.1 > 10.8.0.5: ICMP " + words + "\n") == std::string(kind) + " 10.8.0.5:40100 10.8.0.9:443 by 10.0.0.1");
}

TEST_CASE("what says the path's MTU; tcpdump before 4.0; IPv6") {
    CHECK(told(syn + "15:01:46.1 IP 10.0.0.1 > 10.8.0.5: ICMP 10.8.0.9 unreachable - need to frag (mtu 1284), length 556\n") == "3/4 10.8.0.5:40100 10.8.0.9:443 by 10.0.0.1 mtu 1284");
    CHECK(told("15:01:45.0 10.8.0.5.40100 > 10.8.0.9.443: S 7000:7000(0) win 5840\n15:01:46.1 10.0.0.1 > 10.8.0.5: icmp: host 10.8.0.9 unreachable - admin prohibited\n") ==
          "3/10 10.8.0.5:40100 10.8.0.9:443 by 10.0.0.1");
    CHECK(told("15:01:45.0 IP 10.8.0.5.40100 > 10.8.0.9.443: S 7000:7000(0) win 5840\n15:01:46.1 IP 10.0.0.1 > 10.8.0.5: icmp: host 10.8.0.9 unreachable - admin prohibited\n") ==
          "3/10 10.8.0.5:40100 10.8.0.9:443 by 10.0.0.1");
    const std::string six = "15:01:45.0 IP6 2001:db8::5.40100 > 2001:db8::9.443: Flags [S], seq 7000, win 8192, length 0\n15:01:46.1 IP6 2001:db8::1 > 2001:db8::5: ICMP6, ";
    const std::string about = " [2001:db8::5]:40100 [2001:db8::9]:443 by 2001:db8::1";
    CHECK(told(six + "destination unreachable, unreachable route 2001:db8::9, length 88\n") == "v6 1/0" + about);
    CHECK(told(six + "destination unreachable, unreachable prohibited 2001:db8::9, length 88\n") == "v6 1/1" + about);
    CHECK(told(six + "destination unreachable, unreachable address 2001:db8::9, length 88\n") == "v6 1/3" + about);
    CHECK(told(six + "destination unreachable, 2001:db8::9 tcp port 443 unreachable, length 88\n") == "v6 1/4" + about);
    CHECK(told(six + "packet too big, mtu 1280, length 1240\n") == "v6 2/0" + about + " mtu 1280");
    CHECK(told(six + "time exceeded in-transit for 2001:db8::9, length 88\n") == "v6 3/0" + about);
}

TEST_CASE("-v quotes the packet: its ends and number count, on lines of its own") {
    const std::string more = "15:01:45.5 IP (tos 0x0, ttl 64, id 1, offset 0, flags [DF], proto TCP (6), length 60)\n    10.8.0.5.40102 > 10.8.0.9.443: Flags [S], cksum 0x1 (correct), seq 9000, win 8192, length 0\n";
    const std::string quoted = "15:01:46.1 IP (tos 0xc0, ttl 63, id 7, offset 0, flags [none], proto ICMP (1), length 88)\n    10.0.0.1 > 10.8.0.5: ICMP host 10.8.0.9 unreachable, length 68\n"
                               "\tIP (tos 0x0, ttl 62, id 1, offset 0, flags [DF], proto TCP (6), length 60)\n    10.8.0.5.40100 > 10.8.0.9.443: Flags [S], cksum 0x1 (correct), seq 7000, win 8192, length 0\n";
    const std::string after = "15:01:47.0 IP 10.8.0.5.40104 > 10.8.0.9.443: Flags [S], seq 11000, win 8192, length 0\n";
    CHECK(told(syn + more + quoted + after) == "3/1 10.8.0.5:40100 10.8.0.9:443 by 10.0.0.1");
    CHECK(read(syn + more + quoted + after).events.size() == 4);
}

TEST_CASE("Wireshark's rows name no connection: the one that waits, else it stays open") {
    const std::string list = "1 0.000000 10.8.0.5 10.8.0.9 TCP 66 40100 > 443 [SYN] Seq=0 Win=64240 Len=0\n";
    const std::string other = "2 0.100000 10.8.0.5 10.8.0.7 TCP 66 40102 > 443 [SYN] Seq=0 Win=64240 Len=0\n";
    const std::string row = "3 1.000000 10.0.0.1 10.8.0.5 ICMP 94 Destination unreachable (Host administratively prohibited)\n";
    CHECK(told(list + row) == "3/10 10.8.0.5:40100 10.8.0.9:443 by 10.0.0.1");
    CHECK(told(list + other + row).empty());
    CHECK(undecided(read(list + other + row)) == 1);
    SECTION("a port that nobody listens on: as a rule UDP's, unless its host says so of itself") {
        CHECK(undecided(read(list + "3 1.000000 10.0.0.1 10.8.0.5 ICMP 94 Destination unreachable (Port unreachable)\n")) == 1);
        CHECK(told(list + "3 1.000000 10.8.0.9 10.8.0.5 ICMP 94 Destination unreachable (Port unreachable)\n") == "3/3 10.8.0.5:40100 10.8.0.9:443 by 10.8.0.9");
    }
    SECTION("one that was answered waits for nothing") {
        const std::string answered = "2 0.500000 10.8.0.9 10.8.0.5 TCP 66 443 > 40100 [SYN, ACK] Seq=0 Ack=1 Win=64240 Len=0\n";
        CHECK(told(list + answered + row).empty());
    }
    SECTION("to a host without a connection in the text") {
        const Trace trace = read(list + "3 1.000000 10.0.0.1 10.8.0.77 ICMP 94 Destination unreachable (Host unreachable)\n");
        CHECK(undecided(trace) == 0);
        CHECK(trace.info.foreign_packets == 1);
    }
}

TEST_CASE("ICMP that is no error, or about UDP, concerns no connection") {
    const Trace trace = read(syn + "15:01:46.2 IP 10.0.0.1 > 10.8.0.5: ICMP echo reply, id 1, seq 2, length 64\n15:01:46.3 IP 10.8.0.9 > 10.8.0.5: ICMP 10.8.0.9 udp port 53 unreachable, length 64\n");
    CHECK(trace.events.size() == 1);
    CHECK(undecided(trace) == 0);
    CHECK(trace.info.foreign_packets == 2);
}
