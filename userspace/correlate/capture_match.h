// What a capture and the trace of one host do not have in common, of one connection.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace tcpwitness {

/// What a socket's event says was on the wire at that time.
enum class OnWire : std::uint8_t {
    syn_sent, syn_received, syn_ack_sent, syn_ack_received, sent_again, fin_sent, fin_received, reset_sent, reset_received,
};
const char* name(OnWire);  ///< "SYN sent"

struct CaptureMatch {
    static constexpr std::size_t frames_named = 5;

    /// Socket events of one kind whose packet the capture lacks although it covers their time.
    struct Missing {
        OnWire what{};
        std::uint64_t count = 0;
        std::uint64_t event = 0;  ///< id of the first
    };

    std::uint64_t packets = 0;            ///< of the connection that the capture holds, as far as they were kept
    std::uint64_t without_socket = 0;     ///< packets of its tuple, while the trace was made, for which there was no socket
    std::vector<std::uint64_t> frames;    ///< of the first of these
    std::vector<Missing> missing;         ///< by kind, in the order of their first events

    std::uint64_t events_without_packet() const {
        std::uint64_t count = 0;
        for (const Missing& one : missing) count += one.count;
        return count;
    }
};

}  // namespace tcpwitness
