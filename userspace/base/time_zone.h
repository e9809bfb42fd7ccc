#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace tcpwitness {

/// What a text's local times mean in UTC.
class TimeZone {
public:
    TimeZone() = default;  ///< UTC
    static TimeZone fixed(std::int64_t offset_s);

    /// "UTC", "+02:00", "-0730", or a name of the IANA database that this machine has ("Europe/Berlin").
    static Result<TimeZone> parse(const std::string& text);

    const std::string& name() const { return name_; }  ///< as it was asked for; "UTC+02:00" of a fixed one

    /// `local_ns`: what the clock on the wall showed, counted from 1970 as if it were UTC. The hour that comes twice in autumn is taken for
    /// the first of the two, that which never comes in spring for one of summer time.
    std::uint64_t to_utc_ns(std::uint64_t local_ns) const;

private:
    struct Change {
        std::int64_t from_s;    ///< UTC
        std::int64_t offset_s;  ///< east of UTC
    };
    std::string name_ = "UTC";
    std::vector<Change> changes_;  ///< ascending; before the first its offset holds too; empty: UTC
};

}  // namespace tcpwitness
