// Words that lines are searched for, known when this is compiled.
#pragma once

#include <cstddef>
#include <cstring>
#include <string_view>

namespace tcpwitness {

/// Looking for the letter of them that is rarest in traces first makes a search several times as fast as one for the first letter, which may be a blank.
class Words {
public:
    template <std::size_t N>
    consteval Words(const char (&literal)[N]) : text_(literal, N - 1) {
        for (std::size_t i = 1; i < text_.size(); ++i)
            if (commonness(text_[i]) < commonness(text_[rare_])) rare_ = i;
    }

    constexpr std::size_t size() const { return text_.size(); }

    /// Where they stand first in `text`; npos: nowhere.
    std::size_t find_in(std::string_view text) const {
        if (text.size() < text_.size()) return std::string_view::npos;
        const char* const end = text.data() + text.size() - text_.size() + 1;  // behind the last place where they can begin
        for (const char* at = text.data(); at < end; ++at) {
            at = static_cast<const char*>(std::memchr(at + rare_, text_[rare_], static_cast<std::size_t>(end - at)));
            if (!at) break;
            at -= rare_;
            if (std::memcmp(at, text_.data(), text_.size()) == 0) return static_cast<std::size_t>(at - text.data());
        }
        return std::string_view::npos;
    }

private:
    static constexpr std::string_view by_rarity = "jqxzvkSTCPIwybgpfmuhldcrsinoate ";  // capitals of protocols are many

    static consteval std::size_t commonness(char c) {
        const auto at = by_rarity.find(c);
        const bool digit = c >= '0' && c <= '9';
        return at != std::string_view::npos ? at + 2 : digit ? by_rarity.size() : c >= 'A' && c <= 'Z' ? 1 : 3;
    }

    std::string_view text_;
    std::size_t rare_ = 0;
};

}  // namespace tcpwitness
