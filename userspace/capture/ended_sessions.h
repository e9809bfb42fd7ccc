// The sessions that are over, until the whole capture is known.
#pragma once

#include <cstdint>

#include "base/blocks.h"
#include "capture/capture.h"
#include "capture/ended_session.h"
#include "capture/facts_store.h"
#include "capture/local_ends.h"

namespace tcpwitness {

/// Takes sessions as they end.
class EndedSessions {
public:
    EndedSessions(LogPool& pool, const CaptureOptions& options) : pool_(pool), options_(options) {}

    /// The session is over, or is put aside. Takes its log.
    void add(Session&);
    /// From now on, and of those that have ended before: quiet sessions keep no packets.
    void forget_quiet_logs();

    Blocks<EndedSession> ended;   ///< in the order of their ends
    Blocks<EndedSession> resets;  ///< RSTs of no session
    LocalEnds ends;
    std::uint64_t not_listed = 0;
    bool large = false;           ///< quiet sessions keep no packets any more

private:
    bool only_resets(const Session&) const;
    void thin_out(PacketLog&);

    LogPool& pool_;
    const CaptureOptions& options_;
    FactsStore facts_;
};

}  // namespace tcpwitness
