// What packets alone tell about a TCP session, in the words of Zeek and Wireshark.
#pragma once

#include <cstdint>
#include <string>

namespace tcpwitness {

/// One direction of a session.
struct WireDirection {
    std::uint64_t packets = 0, bytes = 0;         ///< bytes of payload, each counted once
    std::uint64_t retransmitted = 0;              ///< segments sent again, of all kinds; of these:
    std::uint64_t rto = 0, fast = 0, loss_probe = 0, spurious = 0;
    std::uint64_t out_of_order = 0, lost_before = 0, duplicate_acks = 0;
    std::uint64_t zero_windows = 0, window_probes = 0, keepalives = 0;
    std::uint32_t mss = 0;                        ///< 0 = no SYN seen
    std::uint32_t least_rtt_us = 0, median_rtt_us = 0;  ///< from its data to the other end's ACK, as the capture point sees it; 0 = none
    std::int8_t window_scale = -1;
};

/// A session in a capture.
struct WireFacts {
    std::uint32_t stream = 0;             ///< 0-based, in order of first packet: Wireshark's tcp.stream
    std::uint64_t first_frame = 0, last_frame = 0;
    std::string conn_state;               ///< Zeek's: S0, S1, SF, REJ, S2, S3, RSTO, RSTR, RSTOS0, RSTRH, SH, SHR, OTH
    std::string history;                  ///< Zeek's: "ShADadFf", upper case from the originator
    std::uint8_t completeness = 0;        ///< Wireshark's tcp.completeness: SYN 1, SYN-ACK 2, ACK 4, data 8, FIN 16, RST 32
    std::uint32_t handshake_rtt_us = 0;   ///< SYN to the ACK of the SYN-ACK; 0 = not seen
    WireDirection client, server;         ///< what the client (originator) sent, what the server sent
};

}  // namespace tcpwitness
