// Where rows of packets begin within a line: behind prose, a shell's prompt, a column that somebody added, or behind one another.
#pragma once

#include <string_view>
#include <vector>

namespace tcpwitness {

/// The line from each such place to the next; empty: there is none.
std::vector<std::string_view> rows_within(std::string_view line);

/// True for what can hardly be anything but a row of a packet list or of tcpdump, whole or not.
bool shows_segment(std::string_view line);
/// More than one of them.
bool shows_several(std::string_view line);

}  // namespace tcpwitness
