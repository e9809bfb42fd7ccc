// What betrays a RST that another machine sent in the peer's name.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "correlate/story.h"

namespace tcpwitness {

/// The shortest handshake of each witness with each peer, in microseconds.
class RoundTrips {
public:
    explicit RoundTrips(const Story&);
    std::uint32_t shortest_us(WitnessId, const Address&) const;  ///< 0 = not known

private:
    std::map<std::pair<WitnessId, Address>, std::uint32_t> shortest_;
};

struct Marks {
    bool strong = false;             ///< one at least that the peer itself has no reason to show
    std::vector<std::string> marks;  ///< a sentence each
};

/// Compares the RST with the other packets that came in on the same connection.
Marks forged_marks(const Connection&, const Event& reset, const RoundTrips&);

}  // namespace tcpwitness
