// The link types that packets are decoded from, by their numbers in pcap and pcapng files (tcpdump.org/linktypes.html).
#pragma once

#include <cstdint>

namespace tcpwitness::link {

inline constexpr std::uint16_t null = 0, ethernet = 1, ppp = 9, raw_bsd = 12, raw_openbsd = 14, ppp_hdlc = 50, ppp_ether = 51, raw_ip = 101,
                               cisco_hdlc = 104, loop = 108, linux_sll = 113, user0 = 147, ppp_with_direction = 204, mpls = 219, ipv4 = 228,
                               ipv6 = 229, linux_sll2 = 276;

}  // namespace tcpwitness::link
