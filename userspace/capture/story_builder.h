// Ended sessions in, a CaptureStory out.
#pragma once

#include <cstdint>
#include <vector>

#include "base/blocks.h"
#include "capture/capture.h"
#include "capture/ended_session.h"
#include "capture/facts_store.h"
#include "capture/icmp_notes.h"
#include "capture/local_ends.h"

namespace tcpwitness {

class StoryBuilder {
public:
    StoryBuilder(LogPool& pool, const MacTable& macs, CaptureOptions options) : pool_(pool), macs_(macs), options_(std::move(options)) {}

    /// The session is over, or is put aside. Takes its log.
    void add(Session&);

    CaptureStory finish(const CaptureReader&, IcmpNotes&, std::uint64_t first_ns, std::uint64_t last_ns);

private:
    bool only_resets(const Session&) const;
    void thin_out(PacketLog&);
    void forget_quiet_logs();
    void add_events(Connection&, EndedSession&, bool local_is_server, std::vector<Event> icmp);
    TraceInfo info_of(const CaptureReader&, std::uint64_t first_ns, std::uint64_t last_ns) const;

    LogPool& pool_;
    const MacTable& macs_;
    CaptureOptions options_;
    FactsStore facts_;
    LocalEnds ends_;
    Blocks<EndedSession> ended_;   ///< in the order of their ends
    Blocks<EndedSession> resets_;  ///< RSTs of no session
    std::uint64_t not_listed_ = 0, events_ = 0;
    bool large_ = false;               ///< quiet sessions keep no packets any more
};

}  // namespace tcpwitness
