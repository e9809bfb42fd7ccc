// Builds pcapng blocks at the end of a byte buffer; the caller writes the buffer out. Host byte order.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace tcpwitness::pcapng {

/// `comments` become one opt_comment each; what is longer than an option can be (65,535 bytes) is cut.
void append_section(std::string& out, std::string_view os, std::string_view application, std::span<const std::string> comments);

/// `snap_length` 0: no limit. `resolution`: if_tsresol, 9 for nanoseconds.
void append_interface(std::string& out, std::uint16_t link_type, std::string_view name, std::string_view description,
                      std::uint32_t snap_length = 0, std::uint8_t resolution = 9);

struct Packet {
    std::uint32_t interface = 0;
    std::uint64_t time_ns = 0;             ///< since 1970; of an interface with another resolution, in its units
    std::string_view data;
    std::uint32_t original_length = 0;
    std::uint32_t flags = 0;               ///< epb_flags; 0 = no option
    std::uint64_t id = 0;                  ///< epb_packetid; 0 = no option
    std::string_view comment = {};         ///< empty = no option
};

/// The recorder's hot path: copies, no allocation once `out` has its capacity.
void append_packet(std::string& out, const Packet& packet);

}  // namespace tcpwitness::pcapng
