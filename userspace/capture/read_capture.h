// A capture file, read to its end.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "capture/capture.h"
#include "parsers/byte_source.h"

namespace tcpwitness {

/// Called now and then with how many bytes, decompressed, have been read.
using CaptureProgress = std::function<void(std::uint64_t offset)>;

/// One file, or the parts of a capture that was rotated, in order of time.
struct CaptureFile {
    std::string name;
    ByteSource* bytes;
};
using CaptureFiles = std::vector<CaptureFile>;

/// `copies`: the same files once or more often; each is read by a thread of its own, which takes its share of the sessions. The error says
/// what the file begins with instead. What is damaged is passed over; a file that only breaks off is read up to there.
Result<CaptureStory> read_capture(std::span<const CaptureFiles> copies, const CaptureOptions&, const CaptureProgress& = {});

}  // namespace tcpwitness
