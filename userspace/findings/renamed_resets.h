// A RST that a recorded host sent for other ports or addresses than it arrived with: a translator between them had forgotten the connection, and gave what
// came next another name. Sequence numbers survive that.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "correlate/story.h"

namespace tcpwitness {

class RenamedResets {
public:
    explicit RenamedResets(const Story&);

    /// The RST as it left a recorded host, under another flow than this connection's; null: none like it.
    const Event* sent_as(const Connection&, const Event& came_in) const;

private:
    const Story& story_;
    std::unordered_map<std::uint32_t, std::vector<const Event*>> by_seq_;  ///< RST packets that left a host
};

}  // namespace tcpwitness
