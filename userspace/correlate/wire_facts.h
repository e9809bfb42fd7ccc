// What packets alone tell about a TCP session, in the words of Zeek and Wireshark.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tcpwitness {

/// One direction of a session. Kept small: a large capture holds millions.
struct WireDirection {
    std::uint64_t bytes = 0;                      ///< of payload, each counted once
    std::uint32_t packets = 0;
    std::uint32_t retransmitted = 0;              ///< segments sent again, of all kinds; of these:
    std::uint32_t rto = 0, fast = 0, loss_probe = 0, too_big = 0;
    std::uint32_t spurious = 0;                   ///< of any of those kinds: the first copy had arrived
    std::uint32_t out_of_order = 0, lost_before = 0, duplicate_acks = 0;
    std::uint32_t zero_windows = 0, window_probes = 0, keepalives = 0;
    std::uint32_t least_rtt_us = 0, median_rtt_us = 0;  ///< from its data to the other end's ACK, as the capture point sees it; 0 = none
    std::uint32_t window_closed_ms = 0;           ///< the longest time that this end kept its window closed
    std::uint16_t mss = 0;                        ///< 0 = no SYN seen
    std::int8_t window_scale = -1;
    std::uint8_t ttl = 0;                         ///< of its first packet; 0 = it sent none
};

/// A session in a capture.
struct WireFacts {
    std::uint32_t stream = 0;             ///< 0-based, in order of first packet: Wireshark's tcp.stream
    std::uint32_t handshake_rtt_us = 0;   ///< SYN to the ACK of the SYN-ACK; 0 = not seen
    std::uint32_t syn_ack_us = 0;         ///< SYN to SYN-ACK: the part beyond the capture point; 0 = not seen
    std::uint8_t completeness = 0;        ///< Wireshark's tcp.completeness: SYN 1, SYN-ACK 2, ACK 4, data 8, FIN 16, RST 32
    bool on_the_way = false;              ///< captured between the ends: what looks local is the client's side
    std::uint64_t first_frame = 0, last_frame = 0;
    std::string_view conn_state;          ///< Zeek's: S0, S1, SF, REJ, S2, S3, RSTO, RSTR, RSTOS0, RSTRH, SH, SHR, OTH; static text
    std::string history;                  ///< Zeek's: "ShADadFf", upper case from the originator
    WireDirection client, server;         ///< what the client (originator) sent, what the server sent
};

}  // namespace tcpwitness
