// The link-layer addresses of a capture, numbered so that a packet in the log needs two bytes for one.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <unordered_map>
#include <vector>

namespace tcpwitness {

class MacTable {
public:
    using Mac = std::array<std::uint8_t, 6>;

    /// From 1; 0 when there are more than fit.
    std::uint16_t number(const Mac& mac) {
        std::uint64_t key = 0;
        std::memcpy(&key, mac.data(), mac.size());
        if (last_number_ && key == last_) return last_number_;
        const auto known = numbers_.find(key);
        if (known == numbers_.end() && macs_.size() >= most) return 0;
        last_number_ = known != numbers_.end() ? known->second : static_cast<std::uint16_t>(macs_.size() + 1);
        last_ = key;
        if (known != numbers_.end()) return last_number_;
        numbers_.emplace(key, last_number_);
        macs_.push_back(mac);
        return last_number_;
    }
    std::size_t size() const { return macs_.size(); }
    const Mac& operator[](std::uint16_t number) const { return macs_[number - 1u]; }

private:
    static constexpr std::size_t most = 60'000;
    std::unordered_map<std::uint64_t, std::uint16_t> numbers_;
    std::vector<Mac> macs_;
    std::uint64_t last_ = 0;
    std::uint16_t last_number_ = 0;
};

}  // namespace tcpwitness
