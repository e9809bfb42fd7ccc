// The numbers of records that were taken and not written, so that a report does not take them for losses.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "bpf/records.h"

namespace tcpwitness {

class Withheld {
public:
    void add(const tw_head&);
    std::uint64_t count() const { return count_; }

    /// Those since the last call, as the trace keeps them: {"withheld.3", "17-40,42"}.
    std::vector<std::pair<std::string, std::string>> take();

private:
    std::map<std::uint16_t, std::vector<std::pair<std::uint32_t, std::uint32_t>>> ranges_;  ///< by CPU: first and last
    std::uint64_t count_ = 0;
};

}  // namespace tcpwitness
