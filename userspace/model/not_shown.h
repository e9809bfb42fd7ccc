// Marks of a segment that a text tells only in part.
#pragma once

#include <cstdint>

namespace tcpwitness::segment_mark {

/// Beside those of model/event.h, in the same Segment::marks.
inline constexpr std::uint32_t
    numbers_not_shown = 1u << 16,  ///< seq, ack and payload are a guess from the segments around it
    window_not_shown = 1u << 17;   ///< window is 65535, so that nobody takes it for closed; or it was shown scaled

/// All that an analysis makes of a segment.
inline constexpr std::uint32_t of_analysis = numbers_not_shown - 1;

}  // namespace tcpwitness::segment_mark
