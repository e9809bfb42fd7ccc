// A capture alone, as a story: its sessions, and how far the reading is.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "capture/capture.h"
#include "correlate/story.h"
#include "parsers/byte_source.h"

namespace tcpwitness {

/// A pcap file, or a pcapng that another program than tcpwitness wrote. `beginning`: the first 4096 bytes.
bool is_capture(std::string_view beginning);

Story story_of(CaptureStory);

/// Reads all of it. Says on stderr how far it is when that is a terminal; `file` is its name as given.
Result<Story> capture_story(ByteSource&, const std::string& file);

}  // namespace tcpwitness
