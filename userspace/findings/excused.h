// Connections whose failure harms nobody, as others beside them show: a first address that another replaced at once, the many of a scan.
#pragma once

#include <unordered_map>
#include <vector>

#include "findings/finding.h"

namespace tcpwitness {

/// Known before any rule is heard: what a rule says of none but these is not raised.
class Excused {
public:
    explicit Excused(const Story&);

    bool has(ConnectionId id) const { return by_.contains(id); }
    /// The finding tells of connections, and of none that is not excused.
    bool covers(const Finding&) const;
    /// One for each, to be counted; first the id of the connection.
    std::vector<Finding> take() { return std::move(harmless_); }

private:
    void fallbacks(const Story&);
    void loopback_fallbacks(const Story&);
    void scans(const Story&);
    void excuse(const Story&, const Connection&, const char* pattern, std::string where);

    std::unordered_map<ConnectionId, std::size_t> by_;
    std::vector<Finding> harmless_;
};

}  // namespace tcpwitness
