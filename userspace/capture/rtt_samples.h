// Round-trip times of one direction: the least, a smoothed one, and the median of a thinned-out sample.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

namespace tcpwitness {

class RttSamples {
public:
    void add(std::uint32_t us) {
        us = std::max(us, 1u);
        least_ = least_ ? std::min(least_, us) : us;
        // RFC 6298, 2.2 and 2.3
        if (smoothed_ == 0) {
            smoothed_ = us;
            deviation_ = us / 2;
        } else {
            const std::uint32_t off = smoothed_ > us ? smoothed_ - us : us - smoothed_;
            deviation_ = static_cast<std::uint32_t>((std::uint64_t{deviation_} * 3 + off) / 4);
            smoothed_ = static_cast<std::uint32_t>((std::uint64_t{smoothed_} * 7 + us) / 8);
        }
        if (skipped_++ % every_ != 0) return;
        if (count_ == kept_.size()) {  // every other one goes, and from now on only every other one comes
            for (std::size_t i = 0; i < count_ / 2; ++i) kept_[i] = kept_[i * 2];
            count_ = static_cast<std::uint8_t>(count_ / 2);
            every_ *= 2;
        }
        kept_[count_++] = us;
    }

    std::uint32_t least_us() const { return least_; }  ///< 0 = none yet
    std::uint32_t smoothed_us() const { return smoothed_; }
    std::uint32_t deviation_us() const { return deviation_; }
    std::uint32_t median_us() const {
        if (count_ == 0) return 0;
        auto sorted = kept_;
        const auto middle = sorted.begin() + count_ / 2;
        std::nth_element(sorted.begin(), middle, sorted.begin() + count_);
        return *middle;
    }

private:
    std::array<std::uint32_t, 12> kept_{};
    std::uint32_t least_ = 0, smoothed_ = 0, deviation_ = 0;
    std::uint32_t skipped_ = 0, every_ = 1;
    std::uint8_t count_ = 0;
};

}  // namespace tcpwitness
