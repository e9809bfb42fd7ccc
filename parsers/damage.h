// Places of a file that could not be read and were passed over.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace tcpwitness {

class Damage {
public:
    void note(std::string what) {
        ++places_;
        if (told_.size() < most_told) told_.push_back(std::move(what));
    }
    /// Bytes from..until, the last excluded.
    void note(std::uint64_t from, std::uint64_t until, const std::string& why) { note(fmt::format("bytes {} to {} passed over: {}", from, until - 1, why)); }
    void note_rest(std::uint64_t from, const std::string& why) { note(fmt::format("nothing behind byte {} could be read: {}", from, why)); }

    /// A sentence each; what is too many is counted.
    std::vector<std::string> sentences() const {
        std::vector<std::string> all = told_;
        if (places_ > told_.size()) all.push_back(fmt::format("and {} more damaged places", places_ - told_.size()));
        return all;
    }

private:
    static constexpr std::size_t most_told = 8;
    std::vector<std::string> told_;
    std::uint64_t places_ = 0;
};

}  // namespace tcpwitness
