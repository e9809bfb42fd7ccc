#include "parsers/packet_words.h"

#include <algorithm>
#include <string>
#include <utility>

#include "parsers/windows_line.h"
#include "parsers/windows_values.h"

namespace tcpwitness::packet_words {

using windows::number;
using windows::skip_blanks;
using windows::take_number;

namespace {

constexpr std::uint64_t second = 1'000'000'000;

}  // namespace

std::string_view take_word(std::string_view& text) {
    text = skip_blanks(text);
    std::size_t length = 0;
    while (length < text.size() && !windows::blank_at(text.substr(length))) ++length;
    const std::string_view word = text.substr(0, length);
    text.remove_prefix(length);
    return word;
}

std::optional<std::uint64_t> seconds_of(std::string_view word) {
    const auto whole = take_number(word);
    if (!whole || *whole > 0xffffffffu || word.empty() || (word[0] != '.' && word[0] != ',')) return std::nullopt;
    word.remove_prefix(1);
    std::uint64_t ns = *whole * second, scale = second / 10;
    if (word.empty()) return std::nullopt;
    for (const char c : word) {
        if (c < '0' || c > '9') return std::nullopt;
        ns += static_cast<std::uint64_t>(c - '0') * scale;
        scale /= 10;
    }
    return ns;
}

namespace {

bool is_time_of_day(std::string_view word) { return word.size() >= 8 && word[2] == ':' && word[5] == ':'; }
/// "14:11:33,248", as some languages write it.
std::string with_point(std::string_view clock) {
    std::string text(clock);
    std::replace(text.begin(), text.end(), ',', '.');
    return text;
}

/// "37:25.6", as a spreadsheet shows a time of day: the hour is gone.
std::optional<std::uint64_t> minutes_of(std::string_view word) {
    const auto minutes = take_number(word);
    if (!minutes || *minutes > 59 || word.size() < 3 || word[0] != ':' || word[1] > '5') return std::nullopt;
    const auto seconds = seconds_of(word.substr(1));
    return seconds ? std::optional(*minutes * 60 * second + *seconds) : std::nullopt;
}

bool is_date(std::string_view word) { return word.size() == 10 && (word[4] == '-' || word[4] == '/') && word[7] == word[4]; }

}  // namespace

bool take_time(std::string_view& text, PacketRow& row) {
    std::string_view rest = text;
    std::string_view word = take_word(rest);
    if (is_date(word)) {
        std::string_view behind = rest;
        const std::string_view clock = take_word(behind);
        const auto local = windows::local_time(word, with_point(clock));
        if (!local) return false;
        row.local_ns = *local;
        row.has_date = true;
        text = behind;
        return true;
    }
    if (is_time_of_day(word)) {
        const auto local = windows::local_time("1970-01-01", with_point(word));
        if (!local) return false;
        row.local_ns = *local;
        text = rest;
        return true;
    }
    if (const auto minutes = minutes_of(word)) {
        row.offset_ns = *minutes;
        text = rest;
        return true;
    }
    const auto seconds = seconds_of(word);
    if (!seconds) return false;
    constexpr std::uint64_t year_2000 = 946'684'800 * second;
    if (*seconds > year_2000)
        row.local_ns = *seconds, row.has_date = true;
    else
        row.offset_ns = *seconds;
    text = rest;
    return true;
}

std::optional<Address> host_name(std::string_view word) {
    constexpr std::size_t longest = 253;
    const bool plain = std::all_of(word.begin(), word.end(), [](char c) { return (c >= '0' && c <= '9') || c == '.' || c == ':'; });
    if (word.empty() || word.size() > longest || plain) return std::nullopt;
    // People hide addresses as <WANIP>, *.*.*.* or 10.20.#.#: what an address may not hold is written as '_'.
    std::string name(word);
    for (char& c : name)
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '.')) c = '_';
    if (name.front() == '-' || name.front() == '.') name.front() = '_';
    return Address::named(name);
}

std::optional<Address> host(std::string_view word) {
    if (const auto address = Address::parse(word)) return address;
    return host_name(word);
}

std::optional<std::uint32_t> value_of(std::string_view text, std::string_view key, bool may_be_last) {
    const auto part_of_a_word = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
    for (auto at = text.find(key); at != std::string_view::npos; at = text.find(key, at + 1)) {
        if (at > 0 && part_of_a_word(text[at - 1])) continue;
        std::string_view digits = text.substr(at + key.size());
        const auto value = take_number(digits);
        if (!value) continue;
        if (digits.empty() && !may_be_last) return std::nullopt;
        // A mail may have broken the number itself.
        const bool goes_on = digits.size() > 1 && digits[0] == ' ' && digits[1] >= '0' && digits[1] <= '9';
        return *value <= 0xffffffffu && !goes_on && (digits.empty() || !part_of_a_word(digits[0])) ? std::optional(static_cast<std::uint32_t>(*value)) : std::nullopt;
    }
    return std::nullopt;
}

}  // namespace tcpwitness::packet_words
