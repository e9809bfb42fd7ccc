// The numbers of the pcapng format that reader and writer share (draft-ietf-opsawg-pcapng).
#pragma once

#include <cstddef>
#include <cstdint>

#include "parsers/link_types.h"

namespace tcpwitness::pcapng {

inline constexpr std::uint32_t byte_order_magic = 0x1a2b3c4d;
inline constexpr std::uint32_t byte_order_swapped = 0x4d3c2b1a;
inline constexpr std::size_t max_block = 16u << 20;  ///< as libpcap has it

namespace block {
inline constexpr std::uint32_t section = 0x0a0d0d0a;  ///< reads the same in both byte orders
inline constexpr std::uint32_t interface = 1, old_packet = 2, simple_packet = 3, interface_statistics = 5, packet = 6, journal_export = 9;
inline constexpr std::uint32_t sysdig_event = 0x204, sysdig_event_flags = 0x208, custom = 0xbad, custom_no_copy = 0x40000bad;
}  // namespace block

/// Wireshark lists such a block as a frame (4.0.17, tested).
constexpr bool takes_frame_number(std::uint32_t type) {
    return type == block::packet || type == block::old_packet || type == block::simple_packet || type == block::journal_export ||
           type == block::sysdig_event || type == block::sysdig_event_flags || type == block::custom || type == block::custom_no_copy;
}

namespace option {
inline constexpr std::uint16_t end = 0, comment = 1;
inline constexpr std::uint16_t section_os = 3, section_application = 4;
inline constexpr std::uint16_t interface_name = 2, interface_description = 3, interface_resolution = 9, interface_offset = 14;
inline constexpr std::uint16_t packet_flags = 2, packet_id = 5;
}  // namespace option

namespace link = tcpwitness::link;

inline constexpr std::uint32_t flag_inbound = 1, flag_outbound = 2, direction_mask = 3;  ///< epb_flags

}  // namespace tcpwitness::pcapng
