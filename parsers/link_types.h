// The link types that packets are decoded from, by their numbers in pcap and pcapng files (tcpdump.org/linktypes.html).
#pragma once

#include <cstdint>

namespace tcpwitness::link {

inline constexpr std::uint16_t null = 0, ethernet = 1, token_ring = 6, ppp = 9, fddi = 10, raw_bsd = 12, raw_openbsd = 14, ppp_hdlc = 50, ppp_ether = 51,
                               rfc1483 = 100, raw_ip = 101, cisco_hdlc = 104, wifi = 105, frame_relay = 107, loop = 108, encryption = 109, linux_sll = 113,
                               pflog = 117, radiotap = 127, user0 = 147, ppp_with_direction = 204, mpls = 219, ipv4 = 228, ipv6 = 229, nflog = 239,
                               pktap = 258, linux_sll2 = 276;

}  // namespace tcpwitness::link
