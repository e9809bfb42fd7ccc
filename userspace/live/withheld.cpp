#include "live/withheld.h"

#include <algorithm>

#include <fmt/format.h>

namespace tcpwitness {

void Withheld::add(const tw_head& head) {
    ++count_;
    if (head.seq == 0) return;
    auto& ranges = ranges_[head.cpu];
    if (!ranges.empty() && ranges.back().second + 1 == head.seq)
        ranges.back().second = head.seq;
    else
        ranges.emplace_back(head.seq, head.seq);
}

std::vector<std::pair<std::string, std::string>> Withheld::take() {
    constexpr std::size_t most = 500;  // in one line
    std::vector<std::pair<std::string, std::string>> lines;
    for (auto& [cpu, ranges] : ranges_) {
        std::sort(ranges.begin(), ranges.end());
        std::string text;
        std::size_t count = 0;
        const auto finish = [&] {
            if (!text.empty()) lines.emplace_back(fmt::format("withheld.{}", cpu), std::move(text));
            text.clear();
            count = 0;
        };
        for (std::size_t i = 0; i < ranges.size(); ++i) {
            auto [first, last] = ranges[i];
            while (i + 1 < ranges.size() && ranges[i + 1].first == last + 1) last = ranges[++i].second;
            text += (text.empty() ? "" : ",") + (first == last ? std::to_string(first) : fmt::format("{}-{}", first, last));
            if (++count == most) finish();
        }
        finish();
    }
    ranges_.clear();
    return lines;
}

}  // namespace tcpwitness
