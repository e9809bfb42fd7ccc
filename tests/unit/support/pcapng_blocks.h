#pragma once

#include <cstdint>
#include <string>

#include "parsers/pcapng_format.h"

namespace tcpwitness {

/// Builds blocks by hand, in either byte order, with lengths that may lie.
struct Blocks {
    bool swapped = false;
    std::string bytes;

    std::string u32(std::uint32_t value) const {
        if (swapped) value = __builtin_bswap32(value);
        return {reinterpret_cast<const char*>(&value), 4};
    }
    std::string u16(std::uint16_t value) const {
        if (swapped) value = __builtin_bswap16(value);
        return {reinterpret_cast<const char*>(&value), 2};
    }
    Blocks& block(std::uint32_t type, const std::string& body) {
        const auto length = static_cast<std::uint32_t>(body.size() + 12);
        bytes += u32(type) + u32(length) + body + u32(length);
        return *this;
    }
    Blocks& section() { return block(pcapng::block::section, u32(pcapng::byte_order_magic) + u16(1) + u16(0) + std::string(8, '\xff')); }
    Blocks& interface(const std::string& options = "", std::uint16_t link_type = 1) {
        return block(pcapng::block::interface, u16(link_type) + u16(0) + u32(0) + options);
    }
    Blocks& packet(std::uint64_t time, const std::string& data, const std::string& options = "", std::uint32_t interface = 0) {
        const auto size = static_cast<std::uint32_t>(data.size());
        return block(pcapng::block::packet, u32(interface) + u32(static_cast<std::uint32_t>(time >> 32)) + u32(static_cast<std::uint32_t>(time)) +
                                                u32(size) + u32(size) + data + std::string((4 - size % 4) % 4, '\0') + options);
    }
    std::string option(std::uint16_t code, const std::string& value) const {
        return u16(code) + u16(static_cast<std::uint16_t>(value.size())) + value + std::string((4 - value.size() % 4) % 4, '\0');
    }
};

}  // namespace tcpwitness
