// Ended sessions in, a CaptureStory out.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "capture/capture.h"
#include "capture/ended_sessions.h"
#include "capture/icmp_notes.h"
#include "capture/local_ends.h"

namespace tcpwitness {

/// What one analyser, which may have seen only a part of the sessions, holds in the end.
struct CapturePart {
    EndedSessions& sessions;
    LogPool& pool;
    const MacTable& macs;
    IcmpNotes& icmp;
    const std::vector<std::uint64_t>& first_frames;  ///< of its sessions, in the order of their numbers
};

class StoryBuilder {
public:
    StoryBuilder(std::span<CapturePart> parts, const CaptureReader& reader, const CaptureOptions& options);

    /// `pauses`: times in which the capture itself had nothing; they end all waiting.
    CaptureStory build(std::uint64_t first_ns, std::uint64_t last_ns, std::span<const Pause> pauses);

private:
    void number_streams();
    void merge_ends();
    bool local_is_server(std::size_t part, const EndedSession&) const;
    void add_session(std::size_t part, EndedSession&, std::uint64_t over_ns);
    void add_events(std::size_t part, Connection&, EndedSession&, bool local_is_server, std::vector<Event> icmp);
    void add_unmatched();
    TraceInfo info_of(std::uint64_t first_ns, std::uint64_t last_ns) const;

    std::span<CapturePart> parts_;
    const CaptureReader& reader_;
    const CaptureOptions& options_;
    std::vector<std::vector<std::uint32_t>> streams_;  ///< of each part's sessions among all
    std::vector<std::vector<std::uint16_t>> macs_;     ///< of each part among all
    LocalEnds ends_;
    CaptureStory story_;
    std::uint64_t events_ = 0;
};

}  // namespace tcpwitness
