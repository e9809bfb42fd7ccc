#include "capture/sent_ranges.h"

#include <algorithm>

namespace tcpwitness {

std::vector<SentRange>::iterator SentRanges::after(std::uint32_t seq) {
    return std::partition_point(begin(), end(), [&](const SentRange& range) { return !seq_after(range.end, seq); });
}

void SentRanges::insert(const SentRange& range) {
    if (ranges_.size() - head_ >= most) melt();
    ranges_.insert(after(range.seq), range);
}

/// The older half becomes one range for every two: they are told apart no longer, but what was captured stays known.
void SentRanges::melt() {
    const auto half = begin() + static_cast<std::ptrdiff_t>((ranges_.size() - head_) / 2);
    auto to = begin();
    for (auto from = begin(); from != half; ++from) {
        if (from != begin() && to->end == from->seq) {
            to->end = from->end;
            to->time_ns = from->time_ns;
            to->again = std::max({to->again, from->again, std::uint8_t{1}});  // no round trip is measured with it
            continue;
        }
        if (from != begin()) ++to;
        *to = *from;
    }
    ++to;
    if (to == half) --to;  // all of them apart: one of the old ones goes
    ranges_.erase(to, half);
}

}  // namespace tcpwitness
