// A capture alone, as a story: its sessions, and how far the reading is.
#pragma once

#include <vector>

#include "base/result.h"
#include "capture/capture.h"
#include "correlate/story.h"
#include "sources/source_file.h"

namespace tcpwitness {

Story story_of(CaptureStory, const std::vector<Trace>& logs = {});

/// Reads all of it; `logs` are of messages that travelled in it. Says on stderr how far it is when that is a terminal. The error names the file.
Result<Story> capture_story(SourceFile&, const std::vector<Trace>& logs);

}  // namespace tcpwitness
