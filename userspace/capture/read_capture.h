// A capture file, read to its end.
#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include "base/result.h"
#include "capture/capture.h"
#include "parsers/byte_source.h"

namespace tcpwitness {

/// Called now and then with how many bytes, decompressed, have been read.
using CaptureProgress = std::function<void(std::uint64_t offset)>;

/// `copies`: the same file once or more often; each is read by a thread of its own, which takes its share of the sessions. The error says
/// what the file begins with instead, or where it is damaged. A file that only breaks off is read up to there.
Result<CaptureStory> read_capture(std::span<ByteSource* const> copies, const CaptureOptions&, const CaptureProgress& = {});

}  // namespace tcpwitness
