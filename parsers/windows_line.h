// One line of a Windows TCPIP/AFD trace taken apart: when, in whose context, which provider, and what it said.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.h"

namespace tcpwitness::windows {

enum class Provider : std::uint8_t {
    none,      ///< not a line of a trace
    tcpip,     ///< the stack's decisions
    afd,       ///< the application's calls
    segment,   ///< a TCP segment as Network Monitor describes it
    pktmon,    ///< a packet follows on the next line
    other,
};

struct Line {
    Provider provider = Provider::none;
    std::uint64_t frame = 0;       ///< Network Monitor's number of the row; 0 = not told
    std::uint64_t local_ns = 0;    ///< what the clock on the wall showed, as if it were UTC; 0 = not there
    std::optional<std::uint64_t> offset_ns;  ///< since the file began; then local_ns has seconds only
    std::uint16_t cpu = 0;
    std::uint32_t pid = 0, tid = 0;   ///< of whoever ran there, who need not be who it is about
    std::string_view process;      ///< its name; empty = not told
    std::string_view addresses;    ///< segment: source and destination, perhaps run together, and the protocol's column
    bool bad_checksum = false;     ///< segment: shown with a checksum that the device was still to fill in: this host sent it
    std::string_view body;         ///< behind the provider's name
};

/// Network Monitor's copied lines, `netsh trace convert`, `pktmon etl2txt`. Views point into `text`.
Line parse_line(std::string_view text);

/// A date ("1/8/2013", "2013-01-08") and a time of day ("11:18:57.123", with AM or PM or without) as if they were UTC.
std::optional<std::uint64_t> local_time(std::string_view date, std::string_view time_of_day);

/// The provider by the name that it has in ETL text and in journal blocks ("Microsoft-Windows-TCPIP").
Provider provider(std::string_view name);

}  // namespace tcpwitness::windows
