#include "parsers/packet.h"

#include <random>
#include <vector>

#include <catch2/catch.hpp>

#include "parsers/link_types.h"
#include "support/packet_bytes.h"

using namespace tcpwitness;
using namespace packet_bytes;
using Kind = Packet::Kind;

namespace {

Packet decode(std::uint16_t link_type, const std::string& bytes, std::uint32_t wire = 0) {
    Packet packet;
    packet.mss = 1;  // must not survive
    decode_packet(link_type, bytes, wire ? wire : static_cast<std::uint32_t>(bytes.size()), packet);
    return packet;
}

const std::string syn_options = bytes({2, 4, 0x05, 0xb4, 4, 2, 8, 10, 0, 0, 1, 0, 0, 0, 2, 0, 1, 3, 3, 7});
const std::string syn = tcp({.flags = 2, .options = syn_options});

std::string text(const Packet& packet) {
    return Endpoint{packet.source, packet.source_port}.text() + " > " + Endpoint{packet.destination, packet.destination_port}.text();
}

/// Every way to the same SYN.
struct Way {
    const char* name;
    std::uint16_t link;
    std::string bytes;
    int depth = 0;
};

std::vector<Way> ways() {
    const std::string v4 = ipv4(6, syn), v6 = ipv6(6, syn), frame = ethernet(0x0800, v4);
    const std::string cooked = bytes({0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0});
    const std::string labels = bytes({0, 1, 0x00, 64, 0, 2, 0x01, 64});
    const std::string pppoe = bytes({0x11, 0, 0, 9, 0, 99});
    const std::string vxlan = bytes({8, 0, 0, 0, 0, 0, 5, 0}) + frame;
    const std::string extension = bytes({0, 0, 0, 0, 0, 0, 0});
    const std::string llc = bytes({0xaa, 0xaa, 3, 0, 0, 0, 8, 0}), wifi = bytes({8, 1}) + std::string(22, 'w');
    return {
        {"Ethernet, IPv4", link::ethernet, frame},
        {"Ethernet, IPv6", link::ethernet, ethernet(0x86dd, v6)},
        {"padded", link::ethernet, frame + std::string(7, 'p')},
        {"VLAN", link::ethernet, ethernet(0x8100, vlan(0x0800, v4))},
        {"QinQ", link::ethernet, ethernet(0x88a8, vlan(0x8100, vlan(0x86dd, v6)))},
        {"SNAP", link::ethernet, ethernet(64, bytes({0xaa, 0xaa, 3, 0, 0, 0, 8, 0}) + v4)},
        {"MPLS", link::ethernet, ethernet(0x8847, labels + v4)},
        {"MPLS, pseudowire", link::ethernet, ethernet(0x8847, labels + be32(0) + frame)},
        {"MPLS alone", link::mpls, labels + v6},
        {"PPPoE", link::ethernet, ethernet(0x8864, pppoe + be16(0x0021) + v4)},
        {"PPPoE alone, IPv6", link::ppp_ether, pppoe + be16(0x0057) + v6},
        {"PPP", link::ppp, be16(0x0021) + v4},
        {"PPP, framed", link::ppp_hdlc, be16(0xff03) + be16(0x0021) + v4},
        {"PPP, short protocol", link::ppp, bytes({0x21}) + v4},
        {"PPP, MPLS", link::ppp, be16(0x0281) + labels + v4},
        {"PPP with direction", link::ppp_with_direction, bytes({1}) + be16(0xff03) + be16(0x0057) + v6},
        {"Cisco HDLC in PPP's place", link::ppp, bytes({0x0f, 0}) + be16(0x0800) + v4},
        {"Cisco HDLC, multicast", link::ppp_hdlc, bytes({0x8f, 0}) + be16(0x86dd) + v6},
        {"Cisco HDLC", link::cisco_hdlc, bytes({0x0f, 0}) + be16(0x0800) + v4},
        {"cooked", link::linux_sll, cooked + be16(0x0800) + v4},
        {"cooked, VLAN", link::linux_sll, cooked + be16(0x8100) + vlan(0x86dd, v6)},
        {"cooked 2", link::linux_sll2, be16(0x86dd) + be16(0) + be32(3) + bytes({0, 1, 4, 6, 2, 0, 0, 0, 0, 1, 0, 0}) + v6},
        {"raw IP", link::raw_ip, v4},
        {"raw IP, BSD", link::raw_bsd, v6},
        {"raw IP, OpenBSD", link::raw_openbsd, v4},
        {"raw IPv4", link::ipv4, v4},
        {"raw IPv6", link::ipv6, v6},
        {"loopback, little-endian", link::null, bytes({2, 0, 0, 0}) + v4},
        {"loopback, big-endian", link::null, be32(2) + v4},
        {"OpenBSD loopback", link::loop, be32(24) + v6},
        {"FreeBSD loopback", link::null, bytes({28, 0, 0, 0}) + v6},
        {"macOS loopback", link::null, bytes({30, 0, 0, 0}) + v6},
        {"Linux loopback", link::null, bytes({10, 0, 0, 0}) + v6},
        {"IPv4 options", link::raw_ip, ipv4(6, syn, 0x4000, bytes({7, 7, 4, 0, 0, 0, 0, 0}))},
        {"authentication header, IPv4", link::raw_ip, ipv4(51, bytes({6, 1, 0, 0}) + std::string(8, 'a') + syn)},
        {"hop by hop, destination options", link::raw_ip, ipv6(0, bytes({60}) + extension + bytes({6}) + extension + syn)},
        {"routing header", link::raw_ip, ipv6(43, bytes({6, 2, 4, 0}) + std::string(20, 'r') + syn)},
        {"first fragment, IPv6", link::raw_ip, ipv6(44, bytes({6, 0, 0, 1, 0, 0, 0, 9}) + syn)},
        {"VXLAN", link::ethernet, ethernet(0x0800, ipv4(17, udp(4789, vxlan))), 1},
        {"VXLAN over IPv6, Linux' first port", link::ethernet, ethernet(0x86dd, ipv6(17, udp(8472, vxlan))), 1},
        {"Geneve", link::ethernet, ethernet(0x0800, ipv4(17, udp(6081, bytes({0, 0}) + be16(0x6558) + be32(0x500) + frame))), 1},
        {"Geneve, options and IP", link::raw_ip, ipv6(17, udp(6081, bytes({2, 0}) + be16(0x0800) + be32(0x500) + std::string(8, 'o') + v4)), 1},
        {"GRE", link::raw_ip, ipv4(47, be16(0) + be16(0x0800) + v4), 1},
        {"GRE, all fields", link::raw_ip, ipv4(47, be16(0xb000) + be16(0x86dd) + std::string(12, 'g') + v6), 1},
        {"GRE, Ethernet", link::raw_ip, ipv4(47, be16(0) + be16(0x6558) + frame), 1},
        {"PPTP", link::raw_ip, ipv4(47, be16(0x3081) + be16(0x880b) + std::string(12, 'g') + be16(0xff03) + be16(0x0021) + v4), 1},
        {"ERSPAN II", link::raw_ip, ipv4(47, be16(0x1000) + be16(0x88be) + be32(1) + std::string(8, 'e') + frame), 1},
        {"ERSPAN I", link::raw_ip, ipv4(47, be16(0) + be16(0x88be) + frame), 1},
        {"IP in IP", link::raw_ip, ipv4(4, v4), 1},
        {"6in4", link::raw_ip, ipv4(41, v6), 1},
        {"4in6 in 6in4", link::raw_ip, ipv4(41, ipv6(4, v4)), 2},
        {"LLC without SNAP", link::ethernet, ethernet(64, bytes({6, 6, 3}) + v4)},
        {"802.1H", link::ethernet, ethernet(64, bytes({0xaa, 0xaa, 3, 0, 0, 0xf8, 0x86, 0xdd}) + v6)},
        {"FDDI", link::fddi, bytes({0x50}) + std::string(12, 'f') + llc + v4},
        {"token ring", link::token_ring, bytes({0x10, 0x40}) + std::string(6, 'd') + std::string(6, 's') + llc + v4},
        {"token ring, routed", link::token_ring, bytes({0x10, 0x40}) + std::string(6, 'd') + bytes({0x80, 0, 0, 0, 0, 1, 6, 0, 0, 0, 0, 0}) + llc + v4},
        {"ATM", link::rfc1483, llc + v4},
        {"frame relay", link::frame_relay, bytes({0x18, 0x41, 3, 0xcc}) + v4},
        {"frame relay, SNAP", link::frame_relay, bytes({0x18, 0x41, 3, 0, 0x80, 0, 0, 0, 0x86, 0xdd}) + v6},
        {"Wi-Fi", link::wifi, wifi + llc + v4},
        {"Wi-Fi, quality of service", link::wifi, bytes({0x88, 1}) + wifi.substr(2) + bytes({0, 0}) + llc + v4},
        {"Wi-Fi between access points", link::wifi, bytes({8, 3}) + wifi.substr(2) + std::string(6, '4') + llc + v4},
        {"radiotap", link::radiotap, bytes({0, 0, 13, 0, 7, 0, 0, 0x80, 0, 0, 0, 0, 0}) + wifi + llc + v4},
        {"netfilter log", link::nflog, bytes({2, 0, 0, 5, 8, 0, 1, 0, 0, 0, 1, 0, 5, 0, 10, 0, 0, 0, 0, 0, 44, 0, 9, 0}) + v4},
        {"netfilter log of a big-endian host", link::nflog, bytes({10, 0, 0, 5, 0, 8, 0, 1, 0, 0, 1, 0, 0, 64, 0, 9}) + v6},
        {"packet filter log", link::pflog, bytes({61, 2}) + std::string(62, 'p') + v4},
        {"macOS packet tap", link::pktap, bytes({16, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0}) + frame},
        {"cooked, LLC", link::linux_sll, cooked + be16(4) + llc + v4},
        {"provider backbone", link::ethernet, ethernet(0x88e7, be32(0x1234) + frame)},
        {"TRILL", link::ethernet, ethernet(0x22f3, bytes({0, 0x41, 0, 1, 0, 2}) + be32(7) + frame)},
        {"service function chain", link::ethernet, ethernet(0x894f, bytes({0, 2, 1, 3}) + be32(0x100) + frame)},
        {"VN-Tag", link::ethernet, ethernet(0x8926, be32(7) + be16(0x0800) + v4)},
        {"HSR", link::ethernet, ethernet(0x892f, be32(7) + be16(0x86dd) + v6)},
        {"MACsec, not encrypted", link::ethernet, ethernet(0x88e5, bytes({0x20, 0}) + std::string(12, 'm') + be16(0x0800) + v4)},
        {"EtherIP", link::raw_ip, ipv4(97, be16(0x3000) + frame), 1},
        {"MPLS in IP", link::raw_ip, ipv4(137, labels + v4), 1},
        {"EoIP", link::raw_ip, ipv4(47, be16(0x2001) + be16(0x6400) + be32(0x400007) + frame), 1},
        {"ERSPAN III", link::raw_ip, ipv4(47, be16(0x1000) + be16(0x22eb) + be32(1) + std::string(12, '\0') + frame), 1},
        {"a web cache's redirection", link::raw_ip, ipv4(47, be16(0) + be16(0x883e) + be32(0) + v4), 1},
        {"Wi-Fi in GRE", link::raw_ip, ipv4(47, be16(0) + be16(0x8200) + wifi + llc + v4), 1},
        {"VXLAN-GPE", link::raw_ip, ipv4(17, udp(4790, bytes({0x0c, 0, 0, 1}) + be32(5) + v4)), 1},
        {"GTP-U", link::raw_ip, ipv4(17, udp(2152, bytes({0x30, 255}) + be16(60) + be32(9) + v4)), 1},
        {"GTP-U, extension", link::raw_ip, ipv4(17, udp(2152, bytes({0x34, 255}) + be16(60) + be32(9) + bytes({0, 0, 0, 0x85, 1, 0x10, 9, 0}) + v6)), 1},
        {"CAPWAP, Wi-Fi", link::raw_ip, ipv4(17, udp(5247, bytes({0, 0x10, 3, 0}) + be32(0) + wifi + llc + v4)), 1},
        {"CAPWAP, Ethernet", link::raw_ip, ipv4(17, udp(5247, bytes({0, 0x10, 2, 0}) + be32(0) + frame)), 1},
        {"L2TP", link::raw_ip, ipv4(17, udp(1701, be16(0x4002) + be16(50) + be32(7) + be16(0xff03) + be16(0x0021) + v4)), 1},
        {"Teredo", link::raw_ip, ipv4(17, udp(3544, v6)), 1},
        {"MPLS in UDP", link::raw_ip, ipv4(17, udp(6635, labels + v4)), 1},
        {"LISP", link::raw_ip, ipv4(17, udp(4341, be32(0x80000000) + be32(0) + v4)), 1},
        {"TZSP", link::raw_ip, ipv4(17, udp(37008, bytes({1, 0, 0, 1, 0, 10, 1, 5, 1}) + frame)), 1},
    };
}

}  // namespace

TEST_CASE("the same SYN behind every link header and tunnel") {
    for (const Way& way : ways()) {
        INFO(way.name);
        const Packet packet = decode(way.link, way.bytes);
        REQUIRE(packet.kind == Kind::tcp);
        const bool v4 = packet.source.family == Address::Family::ipv4;
        CHECK(text(packet) == (v4 ? "10.1.0.2:40001 > 10.2.0.2:5061" : "[2001:db8::1]:40001 > [2001:db8::2]:5061"));
        CHECK(packet.ttl == (v4 ? 63 : 61));
        CHECK(packet.ip_id == (v4 ? 0x1234 : 0));
        CHECK(packet.dont_fragment == v4);
        CHECK(packet.seq == 7000);
        CHECK(packet.flags == 2);
        CHECK(packet.window == 64240);
        CHECK(packet.payload == 0);
        CHECK(packet.data.empty());
        CHECK_FALSE(packet.truncated);
        CHECK(packet.mss == 1460);
        CHECK(packet.sack_permitted);
        CHECK(packet.window_scale == 7);
        CHECK(packet.options_length == 20);
        CHECK(packet.depth == way.depth);
        CHECK(packet.length_in_sequence() == 1);
    }
}

TEST_CASE("every way, cut at every byte and with every byte damaged, does no harm") {
    std::mt19937 random(7);
    for (const Way& way : ways()) {
        INFO(way.name);
        for (std::size_t size = 0; size < way.bytes.size(); ++size) {
            const std::string cut = way.bytes.substr(0, size);  // its end is the end of the allocation
            const Packet packet = decode(way.link, cut, static_cast<std::uint32_t>(way.bytes.size()));
            if (packet.kind == Kind::tcp) CHECK(packet.seq == 7000);
        }
        for (int i = 0; i < 500; ++i) {
            std::string damaged = way.bytes;
            for (int flips = 0; flips < 3; ++flips) damaged[random() % damaged.size()] = static_cast<char>(random());
            const Packet packet = decode(way.link, damaged, static_cast<std::uint32_t>(random()));
            CHECK(packet.data.size() <= damaged.size());
        }
    }
}

TEST_CASE("what the captured part of a TCP header still tells") {
    const std::string whole = ipv4(6, tcp({.flags = 0x12, .options = syn_options, .payload = "hello"}));
    const auto wire = static_cast<std::uint32_t>(whole.size());
    CHECK(decode(link::raw_ip, whole.substr(0, 33), wire).kind == Kind::other);
    const Packet flags_only = decode(link::raw_ip, whole.substr(0, 34), wire);
    REQUIRE(flags_only.kind == Kind::tcp);
    CHECK(flags_only.truncated);
    CHECK(flags_only.flags == 0x12);
    CHECK(flags_only.window == 0xffff);
    CHECK(flags_only.payload == 5);
    const Packet some_options = decode(link::raw_ip, whole.substr(0, 46), wire);
    CHECK(some_options.truncated);
    CHECK(some_options.mss == 1460);
    CHECK(some_options.sack_permitted);
    CHECK_FALSE(some_options.has_timestamps);
    const Packet some_data = decode(link::raw_ip, whole.substr(0, 63), wire);
    CHECK_FALSE(some_data.truncated);
    CHECK(some_data.payload == 5);
    CHECK(some_data.data == "hel");
}

TEST_CASE("payload is what the IP header says; what that cannot say is what was on the wire") {
    const Packet padded = decode(link::ethernet, ethernet(0x0800, ipv4(6, tcp({.payload = "ab"}))) + std::string(4, 'p'));
    CHECK(padded.payload == 2);
    CHECK(padded.data == "ab");
    std::string offloaded = ipv4(6, tcp({.payload = std::string(100, 'x')}));
    offloaded[2] = offloaded[3] = 0;
    CHECK(decode(link::raw_ip, offloaded, 70000).payload == 69960);
    std::string jumbo = ipv6(6, tcp({.payload = std::string(100, 'x')}));
    jumbo[4] = jumbo[5] = 0;
    CHECK(decode(link::raw_ip, jumbo, 200000).payload == 199940);
    CHECK(decode(link::raw_ip, jumbo, 3).payload == 100);  // a file that claims fewer bytes on the wire than it holds
    std::string short_length = ipv4(6, tcp());
    short_length[3] = 19;
    CHECK(decode(link::raw_ip, short_length).kind == Kind::other);
}

TEST_CASE("TCP options: the usual layout, SACK blocks, and lengths that lie") {
    const Packet stamped = decode(link::raw_ip, ipv4(6, tcp({.options = bytes({1, 1, 8, 10, 0, 0, 0, 5, 0, 0, 0, 6})})));
    CHECK(stamped.has_timestamps);
    CHECK(stamped.tsval == 5);
    CHECK(stamped.tsecr == 6);
    const std::string two = bytes({1, 1, 5, 18}) + be32(100) + be32(200) + be32(300) + be32(400);
    const Packet sack = decode(link::raw_ip, ipv4(6, tcp({.options = two})));
    REQUIRE(sack.sack_count == 2);
    CHECK(sack.sack[0].left == 100);
    CHECK(sack.sack[1].right == 400);
    const std::string four = bytes({1, 1, 5, 34}) + std::string(32, '\1');
    CHECK(decode(link::raw_ip, ipv4(6, tcp({.options = four}))).sack_count == 4);
    CHECK(decode(link::raw_ip, ipv4(6, tcp({.options = bytes({3, 3, 200, 0})}))).window_scale == 14);
    for (const auto& options : {bytes({2, 0, 0, 0}), bytes({2, 1, 0, 0}), bytes({2, 200, 5, 180}), bytes({8, 10, 0, 0}), bytes({1, 1, 1, 2}), bytes({5, 2, 0, 0}),
                                bytes({5, 8, 0, 0, 0, 0, 0, 0}), bytes({0, 2, 4, 5}), bytes({3, 2, 4, 3})}) {
        const Packet packet = decode(link::raw_ip, ipv4(6, tcp({.options = options})));
        REQUIRE(packet.kind == Kind::tcp);
        CHECK(packet.mss == 0);
        CHECK(packet.sack_count == 0);
        CHECK(packet.window_scale == -1);
        CHECK_FALSE(packet.has_timestamps);
        CHECK_FALSE(packet.truncated);
    }
    CHECK(decode(link::raw_ip, ipv4(6, tcp({.header_words = 4}))).kind == Kind::other);
}

TEST_CASE("fragments: the first is decoded, later ones have addresses only") {
    const Packet first = decode(link::raw_ip, ipv4(6, syn, 0x2000));
    CHECK(first.kind == Kind::tcp);
    CHECK(first.more_fragments);
    const Packet later = decode(link::raw_ip, ipv4(6, "middle of something", 0x2001));
    CHECK(later.kind == Kind::fragment);
    CHECK(later.source.text() == "10.1.0.2");
    CHECK(later.source_port == 0);
    const Packet last = decode(link::raw_ip, ipv6(44, bytes({6, 0, 0, 0x08, 0, 0, 0, 9}) + "the end of it"));
    CHECK(last.kind == Kind::fragment);
    CHECK(last.destination.text() == "2001:db8::2");
    CHECK(decode(link::raw_ip, ipv4(17, "of a datagram", 0x2001)).kind == Kind::other);
}

TEST_CASE("ICMP errors tell of the segment that they quote") {
    const std::string quoted = ipv4(6, tcp({.seq = 4711})).substr(0, 28);
    const auto error = [](int type, int code, const std::string& word, const std::string& quote) { return bytes({type, code, 0, 0}) + word + quote; };
    std::string outer = ipv4(1, error(3, 4, be32(1400), quoted));
    outer[15] = 99;  // from 10.1.0.99
    const Packet too_big = decode(link::raw_ip, outer);
    REQUIRE(too_big.kind == Kind::icmp_error);
    CHECK(text(too_big) == "10.1.0.2:40001 > 10.2.0.2:5061");
    CHECK(too_big.seq == 4711);
    CHECK(too_big.icmp_type == 3);
    CHECK(too_big.icmp_code == 4);
    CHECK(too_big.icmp_mtu == 1400);
    CHECK_FALSE(too_big.icmp_v6);
    CHECK(too_big.icmp_sender.text() == "10.1.0.99");
    CHECK(too_big.icmp_receiver.text() == "10.2.0.2");
    CHECK(too_big.quoted_bytes == 40);
    CHECK(decode(link::raw_ip, ipv4(1, error(3, 1, be32(1400), quoted))).icmp_mtu == 0);
    CHECK(decode(link::raw_ip, ipv4(1, error(11, 0, be32(0), quoted))).kind == Kind::icmp_error);
    CHECK(decode(link::raw_ip, ipv4(1, error(5, 1, be32(0), quoted))).kind == Kind::other);   // a redirect
    CHECK(decode(link::raw_ip, ipv4(1, error(3, 3, be32(0), ipv4(17, udp(53, ""))))).kind == Kind::other);
    CHECK(decode(link::raw_ip, ipv4(1, error(3, 1, be32(0), quoted.substr(0, 27)))).kind == Kind::other);
    CHECK(decode(link::raw_ip, ipv4(1, error(3, 1, be32(0), ipv4(6, tcp(), 0x2001)))).kind == Kind::other);

    const Packet v6 = decode(link::raw_ip, ipv6(58, error(2, 0, be32(1280), ipv6(6, tcp({.payload = "data"})))));
    REQUIRE(v6.kind == Kind::icmp_error);
    CHECK(v6.icmp_v6);
    CHECK(v6.icmp_mtu == 1280);
    CHECK(v6.quoted_bytes == 64);
    CHECK(text(v6) == "[2001:db8::1]:40001 > [2001:db8::2]:5061");
    CHECK(decode(link::raw_ip, ipv6(58, error(135, 0, be32(0), ipv6(6, tcp())))).kind == Kind::other);  // neighbour solicitation
}

TEST_CASE("echo requests are markers by their size") {
    const Packet ping = decode(link::raw_ip, ipv4(1, bytes({8, 0, 0, 0}) + be16(77) + be16(3) + std::string(22, 'm')));
    REQUIRE(ping.kind == Kind::echo_request);
    CHECK(ping.payload == 22);
    CHECK(ping.data.size() == 22);
    CHECK(ping.echo_id == 77);
    CHECK(ping.echo_seq == 3);
    CHECK(ping.source.text() == "10.1.0.2");
    CHECK(decode(link::raw_ip, ipv6(58, bytes({128, 0, 0, 0}) + be32(0) + std::string(33, 'm'))).payload == 33);
    CHECK(decode(link::raw_ip, ipv4(1, bytes({0, 0, 0, 0}) + be32(0))).kind == Kind::other);
}

TEST_CASE("what link headers tell besides") {
    const Packet frame = decode(link::ethernet, ethernet(0x0800, ipv4(6, syn)));
    CHECK(frame.has_mac);
    CHECK(frame.source_mac[5] == 1);
    CHECK(frame.direction == 0);
    CHECK_FALSE(decode(link::raw_ip, ipv4(6, syn)).has_mac);
    const auto cooked = [](int type) { return decode(link::linux_sll, bytes({0, type, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0}) + be16(0x0800) + ipv4(6, syn)); };
    CHECK(cooked(0).direction == -1);
    CHECK(cooked(3).direction == 0);
    CHECK(cooked(4).direction == 1);
    CHECK(cooked(4).source_mac[5] == 1);
}

TEST_CASE("what is not TCP, and chains without end") {
    CHECK(decode(link::ethernet, ethernet(0x0806, std::string(28, 'a'))).kind == Kind::other);
    CHECK(decode(link::raw_ip, ipv4(17, udp(53, std::string(20, 'd')))).kind == Kind::other);
    CHECK(decode(9999, ipv4(6, syn)).kind == Kind::other);
    CHECK(decode(link::null, be32(7) + ipv4(6, syn)).kind == Kind::other);
    CHECK(decode(link::ethernet, "").kind == Kind::other);
    const auto nested = [](int times, auto&& around, std::string inside) {
        for (int i = 0; i < times; ++i) inside = around(inside);
        return inside;
    };
    const std::string v4 = ipv4(6, syn);
    CHECK(decode(link::ethernet, ethernet(0x8100, nested(5, [](auto& inside) { return vlan(0x8100, inside); }, vlan(0x0800, v4)))).kind == Kind::other);
    CHECK(decode(link::raw_ip, nested(100, [](auto& inside) { return ipv4(4, inside); }, v4)).kind == Kind::other);
    CHECK(decode(link::ipv6, ipv6(60, nested(100, [](auto& inside) { return bytes({60, 0, 0, 0, 0, 0, 0, 0}) + inside; }, syn))).kind == Kind::other);
    CHECK(decode(link::mpls, nested(100, [](auto& inside) { return be32(0) + inside; }, be32(0x100) + v4)).kind == Kind::other);
}

TEST_CASE("what may carry TCP and cannot be looked into is told as that") {
    const auto told = [](std::uint16_t link_type, const std::string& bytes) {
        const Packet packet = decode(link_type, bytes);
        CHECK(packet.kind == Kind::other);
        return packet.opaque.what == Opaque::What::none ? "" : words_for(packet.opaque);
    };
    const std::string some(60, 'x');
    CHECK(told(189, some) == "packets of link type 189");
    CHECK(told(link::ethernet, ethernet(0x9999, some)) == "packets of EtherType 0x9999");
    CHECK(told(link::ethernet, ethernet(0x4305, some)) == "B.A.T.M.A.N. packets");
    CHECK(told(link::ethernet, ethernet(0x88e5, bytes({0x2c, 0}) + some)) == "encrypted MACsec frames");
    CHECK(told(link::wifi, bytes({8, 0x41}) + some) == "encrypted Wi-Fi frames");
    CHECK(told(link::raw_ip, ipv4(50, some)) == "encrypted ESP packets");
    CHECK(told(link::raw_ip, ipv6(50, some)) == "encrypted ESP packets");
    CHECK(told(link::raw_ip, ipv4(17, udp(4500, some))) == "encrypted ESP packets");
    CHECK(told(link::raw_ip, ipv4(17, udp(5247, bytes({1, 0, 0, 0}) + some))) == "encrypted CAPWAP packets");
    CHECK(told(link::raw_ip, ipv4(115, some)) == "L2TPv3 packets");
    CHECK(told(link::raw_ip, ipv4(108, some)) == "compressed IP packets");
    SECTION("nothing of TCP is in these") {
        CHECK(told(link::ethernet, ethernet(0x0806, some)).empty());
        CHECK(told(link::ethernet, ethernet(0x88cc, some)).empty());
        CHECK(told(link::ethernet, ethernet(60, bytes({0x42, 0x42, 3}) + some)).empty());  // spanning tree
        CHECK(told(link::raw_ip, ipv4(89, some)).empty());
        CHECK(told(link::raw_ip, ipv4(17, udp(443, some))).empty());
        CHECK(told(link::raw_ip, ipv4(17, udp(4500, be32(0) + some))).empty());  // IKE
        CHECK(told(link::wifi, bytes({0x80, 0}) + some).empty());  // a beacon
    }
}
