// The parts of one capture, which its tool wrote into one file after the other, read as the one that they are.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "parsers/capture_reader.h"

namespace tcpwitness {

struct CapturePartFile {
    std::string name;
    std::unique_ptr<CaptureReader> reader;
};

/// In order of time, at least one. Frames are numbered through; what interfaces have in common is one.
std::unique_ptr<CaptureReader> join_captures(std::vector<CapturePartFile> parts);

}  // namespace tcpwitness
