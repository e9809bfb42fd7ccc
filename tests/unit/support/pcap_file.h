// A pcap file as bytes, in either byte order, with numbers that may lie.
#pragma once

#include <cstdint>
#include <string>

struct PcapFile {
    bool swapped = false;
    std::string bytes = {};

    std::string u32(std::uint32_t value) const {
        if (swapped) value = __builtin_bswap32(value);
        return {reinterpret_cast<const char*>(&value), 4};
    }
    std::string u16(std::uint16_t value) const {
        if (swapped) value = __builtin_bswap16(value);
        return {reinterpret_cast<const char*>(&value), 2};
    }
    PcapFile& header(std::uint32_t magic = 0xa1b2c3d4, std::uint32_t snap_length = 65535, std::uint32_t link = 1, std::uint16_t minor = 4) {
        bytes += u32(magic) + u16(2) + u16(minor) + u32(0) + u32(0) + u32(snap_length) + u32(link);
        return *this;
    }
    PcapFile& raw_packet(std::uint32_t seconds, std::uint32_t fraction, std::uint32_t captured, std::uint32_t original, const std::string& data) {
        bytes += u32(seconds) + u32(fraction) + u32(captured) + u32(original) + data;
        return *this;
    }
    PcapFile& packet(std::uint32_t seconds, std::uint32_t fraction, const std::string& data) {
        const auto size = static_cast<std::uint32_t>(data.size());
        return raw_packet(seconds, fraction, size, size, data);
    }
};
