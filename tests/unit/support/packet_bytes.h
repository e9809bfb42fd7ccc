// Packets as bytes, built from the inside out: ethernet(0x0800, ipv4(6, tcp({.flags = 2}))).
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>

namespace packet_bytes {

inline std::string bytes(std::initializer_list<int> values) {
    std::string text;
    for (const int value : values) text += static_cast<char>(value);
    return text;
}

inline std::string be16(std::uint32_t value) { return bytes({static_cast<int>(value >> 8 & 255), static_cast<int>(value & 255)}); }
inline std::string be32(std::uint32_t value) { return be16(value >> 16) + be16(value & 0xffff); }

struct Tcp {
    int flags = 0x10;
    std::uint32_t seq = 7000, ack = 9;
    std::string options = {}, payload = {};  ///< options in whole words
    int header_words = 0;                    ///< 0: what the options need
};

/// From port 40001 to 5061, window 64240.
inline std::string tcp(const Tcp& of = {}) {
    const int words = of.header_words ? of.header_words : 5 + static_cast<int>(of.options.size()) / 4;
    return be16(40001) + be16(5061) + be32(of.seq) + be32(of.ack) + bytes({words << 4, of.flags}) + be16(64240) + be32(0) + of.options + of.payload;
}

/// 10.1.0.2 to 10.2.0.2, TTL 63, id 0x1234. `fragment`: flags and offset as they stand in the header.
inline std::string ipv4(int protocol, const std::string& payload, int fragment = 0x4000, const std::string& options = {}) {
    const std::size_t size = 20 + options.size();
    return bytes({0x40 | static_cast<int>(size / 4), 0}) + be16(static_cast<std::uint32_t>(size + payload.size())) + be16(0x1234) +
           be16(static_cast<std::uint32_t>(fragment)) + bytes({63, protocol, 0, 0, 10, 1, 0, 2, 10, 2, 0, 2}) + options + payload;
}

/// 2001:db8::1 to 2001:db8::2, hop limit 61.
inline std::string ipv6(int next, const std::string& payload) {
    const std::string prefix = bytes({0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0});
    return be32(0x60000000) + be16(static_cast<std::uint32_t>(payload.size())) + bytes({next, 61}) + prefix + bytes({1}) + prefix + bytes({2}) + payload;
}

/// From 02:00:00:00:00:01.
inline std::string ethernet(int type, const std::string& payload) {
    return bytes({2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1}) + be16(static_cast<std::uint32_t>(type)) + payload;
}

inline std::string vlan(int type, const std::string& payload) { return be16(7) + be16(static_cast<std::uint32_t>(type)) + payload; }

inline std::string udp(int port, const std::string& payload) {
    return be16(50000) + be16(static_cast<std::uint32_t>(port)) + be16(static_cast<std::uint32_t>(8 + payload.size())) + be16(0) + payload;
}

}  // namespace packet_bytes
