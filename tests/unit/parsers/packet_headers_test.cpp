#include "parsers/packet_headers.h"

#include <random>
#include <string>

#include <catch2/catch.hpp>

using namespace tcpwitness;

namespace {

std::string bytes(std::initializer_list<int> values) {
    std::string text;
    for (const int value : values) text += static_cast<char>(value);
    return text;
}

std::string tcp_header(int header_words, int flags) {
    return bytes({0x9c, 0x41, 0x13, 0xc5, 0x00, 0x00, 0x1b, 0x58, 0x00, 0x00, 0x00, 0x09, header_words << 4, flags, 0xfa, 0xf0, 0, 0, 0, 0});
}

std::string ipv4_header(int total, int fragment = 0x4000, int protocol = 6) {
    return bytes({0x45, 0, total >> 8, total & 255, 0x12, 0x34, fragment >> 8, fragment & 255, 63, protocol, 0, 0, 10, 1, 0, 2, 10, 2, 0, 2});
}

std::string ipv6_header(int payload, int next) {
    std::string header = bytes({0x60, 0, 0, 0, payload >> 8, payload & 255, next, 61});
    header += bytes({0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1});
    header += bytes({0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2});
    return header;
}

std::string ethernet(std::initializer_list<int> types) {
    std::string header = bytes({2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1});
    bool first = true;
    for (const int type : types) {
        if (!first) header += bytes({0, 7});  // the VLAN that the type before announced
        header += bytes({type >> 8, type & 255});
        first = false;
    }
    return header;
}

auto parse(std::uint16_t link_type, const std::string& packet) {
    return parse_segment(link_type, packet, static_cast<std::uint32_t>(packet.size()));
}

const std::string syn_options = bytes({2, 4, 0x05, 0xb4, 1, 1, 8, 10, 0, 0, 1, 0, 0, 0, 2, 0});

}  // namespace

TEST_CASE("a SYN over Ethernet and IPv4, with its options") {
    const auto parsed = parse(1, ethernet({0x0800}) + ipv4_header(56) + tcp_header(9, 0x02) + syn_options);
    REQUIRE(parsed);
    CHECK(parsed->flow.local.text() == "10.1.0.2:40001");
    CHECK(parsed->flow.peer.text() == "10.2.0.2:5061");
    const Segment& segment = parsed->segment;
    CHECK(segment.syn());
    CHECK(segment.seq == 7000);
    CHECK(segment.ack == 9);
    CHECK(segment.window == 64240);
    CHECK(segment.payload == 0);
    CHECK(segment.ttl == 63);
    CHECK(segment.ip_id == 0x1234);
    CHECK(segment.dont_fragment);
    CHECK(segment.mss == 1460);
    CHECK(segment.has_timestamps);
    CHECK(segment.tsval == 256);
    CHECK(segment.tsecr == 512);
    CHECK(segment.options_length == 16);
    CHECK(segment.has_mac);
    CHECK(segment.source_mac[5] == 1);
}

TEST_CASE("payload is what the IP header says, not what was captured") {
    const auto parsed = parse_segment(101, ipv4_header(1400) + tcp_header(5, 0x11), 1400);
    REQUIRE(parsed);
    CHECK(parsed->segment.payload == 1360);
    CHECK_FALSE(parsed->segment.has_mac);
    const auto padded = parse(1, ethernet({0x0800}) + ipv4_header(40) + tcp_header(5, 0x04) + std::string(6, '\0'));
    REQUIRE(padded);
    CHECK(padded->segment.payload == 0);
    const auto offloaded = parse_segment(101, ipv4_header(0) + tcp_header(5, 0x10), 70000);  // TSO: longer than the field can say
    REQUIRE(offloaded);
    CHECK(offloaded->segment.payload == 69960);
}

TEST_CASE("VLAN tags, one, two, and more than any network has") {
    const std::string rest = ipv4_header(40) + tcp_header(5, 0x04);
    CHECK(parse(1, ethernet({0x8100, 0x0800}) + rest));
    CHECK(parse(1, ethernet({0x88a8, 0x8100, 0x0800}) + rest));
    CHECK_FALSE(parse(1, ethernet({0x8100, 0x8100, 0x8100, 0x8100, 0x8100, 0x8100, 0x0800}) + rest));
}

TEST_CASE("IPv6, plain and behind extension headers") {
    const std::string tcp = tcp_header(5, 0x02);
    const auto plain = parse(101, ipv6_header(20, 6) + tcp);
    REQUIRE(plain);
    CHECK(plain->flow.local.text() == "[2001:db8::1]:40001");
    CHECK(plain->segment.ttl == 61);
    const auto extended = parse(101, ipv6_header(36, 0) + bytes({60, 0, 0, 0, 0, 0, 0, 0}) + bytes({6, 0, 0, 0, 0, 0, 0, 0}) + tcp);
    REQUIRE(extended);
    CHECK(extended->segment.payload == 0);
    CHECK(parse(101, ipv6_header(28, 44) + bytes({6, 0, 0, 1, 0, 0, 0, 9}) + tcp));              // the first fragment
    CHECK_FALSE(parse(101, ipv6_header(28, 44) + bytes({6, 0, 0, 0x08, 0, 0, 0, 9}) + tcp));     // a later one
    std::string chain;
    for (int i = 0; i < 100; ++i) chain += bytes({60, 0, 0, 0, 0, 0, 0, 0});
    CHECK_FALSE(parse(101, ipv6_header(820, 60) + chain + tcp));
}

TEST_CASE("what is not a whole TCP header is no segment") {
    const std::string tcp = tcp_header(5, 0x02);
    CHECK_FALSE(parse(101, ipv4_header(40, 0x4000, 17) + tcp));       // UDP
    CHECK_FALSE(parse(101, ipv4_header(40, 0x00b9) + tcp));           // a later fragment
    CHECK_FALSE(parse(101, ipv4_header(40) + tcp_header(4, 0x02)));   // header length below the least
    CHECK_FALSE(parse(1, ethernet({0x0806}) + ipv4_header(40) + tcp));
    CHECK_FALSE(parse(9999, ipv4_header(40) + tcp));
    const std::string whole = ethernet({0x0800}) + ipv4_header(56) + tcp_header(9, 0x02) + syn_options;
    for (std::size_t size = 0; size < 54; ++size) CHECK_FALSE(parse(1, whole.substr(0, size)));
    for (std::size_t size = 54; size < whole.size(); ++size) CHECK(parse(1, whole.substr(0, size)));  // options cut: the rest still counts
}

TEST_CASE("options that lie about their length") {
    const std::string head = ipv4_header(44) + tcp_header(6, 0x02);
    for (const auto& options : {bytes({2, 0, 0, 0}), bytes({2, 1, 0, 0}), bytes({2, 200, 5, 180}), bytes({8, 10, 0, 0}), bytes({1, 1, 1, 2})}) {
        const auto parsed = parse(101, head + options);
        REQUIRE(parsed);
        CHECK(parsed->segment.mss == 0);
        CHECK_FALSE(parsed->segment.has_timestamps);
    }
}

TEST_CASE("any bytes at all do no harm") {
    std::mt19937 random(7);
    const std::string seed = ethernet({0x8100, 0x86dd}) + ipv6_header(36, 0) + bytes({6, 0, 0, 0, 0, 0, 0, 0}) + tcp_header(9, 2) + syn_options;
    for (int i = 0; i < 20000; ++i) {
        std::string packet = seed;
        for (int flips = 0; flips < 4; ++flips) packet[random() % packet.size()] = static_cast<char>(random());
        packet.resize(random() % (packet.size() + 1));
        for (const std::uint16_t link : {0, 1, 101, 108, 113, 147, 228, 229, 276}) parse_segment(link, packet, random());
    }
}
