// Boot clock to the times that people and programs read.
#pragma once

#include <cstdint>
#include <string>

namespace tcpwitness {

class WallClock {
public:
    WallClock(std::uint64_t boot_to_wall_ns, bool utc) : offset_ns_(boot_to_wall_ns), utc_(utc) {}

    std::uint64_t wall_ns(std::uint64_t boot_ns) const { return boot_ns + offset_ns_; }
    std::string date(std::uint64_t boot_ns) const;     ///< "2026-03-01"
    std::string time(std::uint64_t boot_ns) const;     ///< "14:03:11.204118"
    std::string zone(std::uint64_t boot_ns) const;     ///< "UTC", "CEST (UTC+02:00)"
    std::string rfc3339(std::uint64_t boot_ns) const;  ///< "2026-03-01T14:03:11.204118023Z", always UTC

private:
    std::uint64_t offset_ns_;
    bool utc_;
};

}  // namespace tcpwitness
