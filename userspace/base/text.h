#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tcpwitness {

/// The whole text as a decimal number, or nothing.
template <typename T>
std::optional<T> parse_number(std::string_view text) {
    T value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || text.empty()) return std::nullopt;
    return value;
}

std::vector<std::string_view> split(std::string_view text, char separator);
std::string_view trim(std::string_view text);

/// The errno's symbolic name ("ETIMEDOUT"), or "errno 4711".
std::string errno_name(int error);

/// A span of time as people say it: "350 ns", "24 us", "1.204 ms", "7.1 s", "2 min 05 s".
std::string duration_text(std::uint64_t ns);

/// A signal's name ("SIGKILL"), or "signal 99".
std::string signal_name(int signal);

/// "1 packet", "2 packets".
std::string count_text(std::uint64_t count, std::string_view singular, std::string_view plural);

/// The first character of a text that is not empty. `length` in bytes; 0: no valid UTF-8 begins here.
struct Character {
    char32_t code;
    std::size_t length;
};
Character first_character(std::string_view text);

/// False for what drives a terminal (C0, DEL, C1), turns the reading direction or breaks lines (bidi controls, U+2028), and for what nobody
/// sees: two names that differ in it look alike.
bool shows(char32_t code);

/// Puts a '?' for every character that does not show and every byte that is not valid UTF-8. Whatever comes from a file, the kernel or the
/// command line goes through here on its way to a terminal, a report or an error message.
std::string printable(std::string_view text);

}  // namespace tcpwitness
