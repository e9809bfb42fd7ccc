// What a story has to say about single packets of a capture, as comments for it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "outputs/outputs.h"

namespace tcpwitness {

/// Finds the packets that matter: evidence of findings, each connection's first, and those that a state change, a timer, a retransmission, a
/// reset or an error goes with. Keeps places, not texts: a comment is made when it is asked for.
class PacketComments {
public:
    /// The story and the findings must outlive it. `ranked`: finding number n is [n - 1].
    PacketComments(const Story&, std::span<const Finding* const> ranked, const OutputOptions&);

    /// One fact each, without line breaks, valid UTF-8; empty for a packet that nothing is known about.
    std::vector<std::string> of(std::uint64_t frame) const;

private:
    /// `about`: an event that goes with the packet, or the packet itself; none: the finding or the process. A marker has no connection.
    struct Note {
        std::uint64_t frame;
        std::size_t finding;  ///< its number; 0 = none
        const Connection* connection;
        const Event* about;
    };
    void note_connection(const Connection&);
    void note_findings();
    std::string text(const Note&) const;
    bool here(const Event& packet) const { return frame_of(packet) && recording_of_frame(packet) == recording_; }
    std::string who(const Connection&) const;

    const Story& story_;
    std::span<const Finding* const> findings_;
    RecordingId recording_;    ///< whose packets
    std::vector<Note> notes_;  ///< by frame, as they are to be read
};

}  // namespace tcpwitness
