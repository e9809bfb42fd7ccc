// Where to look in Wireshark for what a finding says.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "correlate/story.h"
#include "findings/finding.h"

namespace tcpwitness {

/// The packet in the file that shows the finding best: of its evidence a RST or an ICMP error before a resend before the first one, else the first packet of its
/// first connection; only of one file where `in` says so. nullptr when no packet of it is in a file.
const Event* packet_to_show(const Story&, const Finding&, std::optional<RecordingId> in = {});

/// The file that holds the packet; empty where it was read from standard input.
std::string file_of(const Story&, const Event& packet);

/// A display filter for the finding's connections; what they have in common when they are many. Empty when no addresses are known.
std::string display_filter(const Story&, const Finding&);

/// "wireshark -r 'my case.pcapng' -g 17", ready for a shell.
std::string wireshark_command(std::string_view file, std::uint64_t frame);

}  // namespace tcpwitness
