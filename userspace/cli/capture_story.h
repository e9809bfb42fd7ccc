// A capture alone, as a story: its sessions, and how far the reading is.
#pragma once

#include "base/result.h"
#include "capture/capture.h"
#include "correlate/story.h"
#include "sources/source_file.h"

namespace tcpwitness {

Story story_of(CaptureStory);

/// Reads all of it. Says on stderr how far it is when that is a terminal. The error names the file.
Result<Story> capture_story(SourceFile&);

}  // namespace tcpwitness
