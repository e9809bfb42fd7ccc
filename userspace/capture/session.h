// A TCP session while it lives: what its two ends have sent, and what that says about their state.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "capture/packet_log.h"
#include "capture/rtt_samples.h"
#include "capture/sent_ranges.h"
#include "correlate/wire_facts.h"
#include "model/address.h"

namespace tcpwitness {

/// How far an end has come, in Zeek's sense.
enum class EndState : std::uint8_t { inactive, syn_sent, syn_ack_sent, partial, established, closed, reset };

/// Why a session's packets are worth keeping: some rule may ask for them.
namespace interest {
inline constexpr std::uint16_t
    reset = 1u << 0, no_handshake = 1u << 1, slow_handshake = 1u << 2, resent_often = 1u << 3, window_closed = 1u << 4,
    unanswered = 1u << 5, nagle = 1u << 6, icmp = 1u << 7, keepalive = 1u << 8, two_answers = 1u << 9;
}

/// A small segment in flight and its ACK, as the rule nagle-delayed-ack looks for them.
struct SmallSegment {
    std::uint64_t sent_ns = 0, acked_ns = 0;
    std::uint32_t end = 0;
    std::uint8_t turns = 0;  ///< how often the next one left right after a late ACK
};

/// One end: as the sender of its data, and as the receiver of the other's.
struct Side {
    WireDirection wire;
    RttSamples rtt;             ///< of its data
    SentRanges sent;            ///< that the other end has not acknowledged
    SmallSegment small;
    std::uint64_t last_ns = 0;        ///< its last packet
    std::uint64_t acked_ns = 0;       ///< the other end's last ACK
    std::uint64_t unseen_ns = 0;      ///< the last ACK of what was never captured, and
    std::uint32_t unseen_from = 0, unseen_to = 0;  ///< what it was
    std::uint64_t run_began_ns = 0;   ///< the first of the last resends of one segment
    std::uint64_t last_again_ns = 0;  ///< its last resend, and
    std::uint64_t before_again_ns = 0;///< the sending before that
    std::uint64_t closed_since_ns = 0;///< its window is closed since; 0 = open
    std::uint32_t isn = 0, next = 0, una = 0;
    std::uint32_t recover = 0;        ///< what had been sent when loss was noticed
    std::uint32_t high_sacked = 0;
    std::uint32_t last_ack = 0;       ///< that it sent
    std::uint32_t round_seq = 0;      ///< what it has been sending again
    std::uint32_t spurious_seq = 0;   ///< of the last resend that was in vain
    LogHandle again_log = no_log;     ///< of its last resend
    std::uint16_t last_window = 0, mac = 0;
    std::uint16_t syns = 0;           ///< SYNs or SYN-ACKs, copies of one packet not counted
    std::uint16_t said = 0;           ///< letters of the history that it has
    std::uint8_t unanswered_probes = 0;  ///< keepalives in a row, nothing of the other end since
    std::uint8_t duplicate_acks = 0;  ///< for its data, since the last new one
    std::uint8_t resent = 0, rounds = 0;  ///< since its data was acknowledged last: resends, and those of one segment in a row
    EndState state = EndState::inactive;
    std::int8_t local_votes = 0;      ///< packets of which an interface told that they went out, less those that came in
    bool seen : 1 = false;            ///< next and una mean something
    bool sent_any : 1 = false, has_isn : 1 = false, acks : 1 = false;
    bool timed_out : 1 = false, recovering : 1 = false, has_sacked : 1 = false;
    bool keepalive_out : 1 = false, probe_out : 1 = false;  ///< it asked, and no ACK has come since
    bool fin : 1 = false, rst : 1 = false, sack_permitted : 1 = false, first_rst : 1 = false;
    bool late_rst : 1 = false;        ///< after both FINs
    bool told_spurious : 1 = false;
};

struct Session {
    Endpoint client, server;
    std::uint32_t hash = 0;
    bool live = false;                ///< this place in the table is taken
    std::uint8_t completeness = 0, history_length = 0;
    std::uint16_t interests = 0;
    std::uint32_t stream = 0;
    std::array<char, 24> history{};
    std::uint64_t begin_ns = 0, last_ns = 0, first_frame = 0, last_frame = 0;
    std::uint64_t established_ns = 0; ///< 0 = not seen
    std::uint64_t syn_ns = 0, last_syn_ns = 0, syn_ack_ns = 0;
    std::uint64_t asked_ns = 0;       ///< the client's last request, unanswered; 0 = none
    std::uint64_t too_big_ns = 0;     ///< an ICMP error told the path's MTU
    std::uint32_t asked_end = 0, handshake_rtt_us = 0, syn_ack_us = 0, too_big_mtu = 0;
    bool asked_acked : 1 = false, preexisting : 1 = false, established : 1 = false, knock : 1 = false;
    bool icmp : 1 = false;            ///< the analyser holds ICMP errors of it
    std::int32_t icmp_error = 0;      ///< errno that the last of them means to a connect(); 0 = none
    Side sides[2];
    PacketLog log;
    std::array<LogHandle, 4> last_logs{no_log, no_log, no_log, no_log};  ///< its last packets
    std::uint8_t next_log = 0, keep_more = 0;  ///< packets to come that are worth keeping

    Side& side(bool server_side) { return sides[server_side]; }
    const Side& side(bool server_side) const { return sides[server_side]; }
    bool both_closed() const { return sides[0].fin && sides[1].fin; }
    bool reset() const { return sides[0].rst || sides[1].rst; }
    bool over() const { return both_closed() || reset(); }
    /// Asks the memory for all of it.
    void expect() const {
        constexpr std::size_t line = 64;
        for (std::size_t at = 0; at < sizeof *this; at += line) __builtin_prefetch(reinterpret_cast<const char*>(this) + at);
    }

    /// From one end to the other and back, as far as known: what the capture point sees of each direction is a part of it.
    std::uint32_t round_trip_us() const {
        const std::uint32_t parts = sides[0].rtt.least_us() + sides[1].rtt.least_us();
        return handshake_rtt_us > parts ? handshake_rtt_us : parts;
    }
};

inline std::uint64_t since_ns(std::uint64_t from, std::uint64_t to) { return to > from ? to - from : 0; }

}  // namespace tcpwitness
