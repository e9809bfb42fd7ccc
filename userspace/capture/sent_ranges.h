// What one end has sent and the other has not acknowledged yet, in the order of sequence numbers.
#pragma once

#include <cstdint>
#include <vector>

#include "capture/packet_log.h"
#include "model/sequence.h"

namespace tcpwitness {

/// Payload, SYN or FIN that one segment carried.
struct SentRange {
    std::uint32_t seq, end;
    std::uint64_t time_ns;  ///< when it was sent last
    std::uint32_t tsval;    ///< of that sending
    LogHandle log;          ///< of that sending
    std::uint16_t ip_id;
    std::uint8_t again;     ///< how many times it was sent after the first
};

/// A queue: segments come at the back and go, acknowledged, from the front. What is not there between two of them was never captured.
class SentRanges {
public:
    static constexpr std::size_t most = 4096;  ///< beyond it, old ones melt into one

    /// Asks the memory for the place of the next one.
    void expect() const { __builtin_prefetch(ranges_.data() + ranges_.size(), 1); }
    bool empty() const { return head_ == ranges_.size(); }
    SentRange& front() { return ranges_[head_]; }
    SentRange& back() { return ranges_.back(); }
    auto begin() { return ranges_.begin() + static_cast<std::ptrdiff_t>(head_); }
    auto end() { return ranges_.end(); }

    void push(const SentRange& range) {
        if (ranges_.size() - head_ >= most) melt();
        if (head_ > 64 && head_ * 2 > ranges_.size()) {
            ranges_.erase(ranges_.begin(), begin());
            head_ = 0;
        }
        ranges_.push_back(range);
    }
    void insert(const SentRange& range);  ///< by its sequence number, into a hole
    void pop() {
        if (++head_ == ranges_.size()) forget();
    }
    /// The first one that ends after `seq`.
    std::vector<SentRange>::iterator after(std::uint32_t seq);

    void forget() {
        ranges_.clear();
        head_ = 0;
        if (ranges_.capacity() > 64) ranges_.shrink_to_fit();
    }

private:
    void melt();

    std::vector<SentRange> ranges_;
    std::size_t head_ = 0;
};

}  // namespace tcpwitness
