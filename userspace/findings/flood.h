// What came so fast that the recorder only counted it (Repeats), with what it had taken one by one of the same.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "correlate/story.h"
#include "findings/finding.h"

namespace tcpwitness {

struct Flood {
    std::vector<const Event*> counted;
    std::vector<const Connection*> recorded;
    std::set<std::string> networks;  ///< of the sources
    std::uint64_t count = 0, first_ns = UINT64_MAX, last_ns = 0;
    std::string reason;              ///< the kernel's, where it told one
    bool forwarded = false;          ///< the witness only passed it on: no connection of its own is among it

    void add(const Event& repeats);
    void add(const Connection&);

    /// "10.66.0.0/24 and 255 more networks".
    std::string sources() const;
    /// From when to when, how many, what proves it; the headline is the rule's.
    Finding finding(const char* rule, const Proof&) const;
};

/// By the port of the witness that it was about.
using FloodsByPort = std::map<std::pair<WitnessId, std::uint16_t>, Flood>;

}  // namespace tcpwitness
