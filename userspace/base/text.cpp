#include "base/text.h"

#include <cstring>

#include <fmt/format.h>

namespace tcpwitness {

std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    while (true) {
        const auto at = text.find(separator);
        parts.push_back(text.substr(0, at));
        if (at == std::string_view::npos) return parts;
        text.remove_prefix(at + 1);
    }
}

std::string_view trim(std::string_view text) {
    constexpr std::string_view blanks = " \t\r\n";
    const auto first = text.find_first_not_of(blanks);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

std::string errno_name(int error) {
    if (const char* name = strerrorname_np(error)) return name;
    return fmt::format("errno {}", error);
}

std::string signal_name(int signal) {
    if (const char* name = sigabbrev_np(signal)) return fmt::format("SIG{}", name);
    return fmt::format("signal {}", signal);
}

std::string duration_text(std::uint64_t ns) {
    if (ns < 1'000) return fmt::format("{} ns", ns);
    if (ns < 1'000'000) return fmt::format("{} us", ns / 1'000);
    if (ns < 10'000'000) return fmt::format("{:.1f} ms", static_cast<double>(ns) / 1e6);
    if (ns < 1'000'000'000) return fmt::format("{} ms", ns / 1'000'000);
    if (ns < 60'000'000'000) return fmt::format("{:.1f} s", static_cast<double>(ns) / 1e9);
    const std::uint64_t seconds = ns / 1'000'000'000;
    if (seconds < 3600) return fmt::format("{} min {:02} s", seconds / 60, seconds % 60);
    return fmt::format("{} h {:02} min", seconds / 3600, seconds / 60 % 60);
}

std::string count_text(std::uint64_t count, std::string_view singular, std::string_view plural) {
    return fmt::format("{} {}", count, count == 1 ? singular : plural);
}

namespace {

/// Length of the valid UTF-8 sequence at the start of `text`, 0 where there is none.
std::size_t utf8_length(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char lead = byte(0);
    std::size_t length = lead < 0x80 ? 1 : lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;
    if (length == 0 || length > text.size()) return 0;
    for (std::size_t i = 1; i < length; ++i)
        if ((byte(i) & 0xc0) != 0x80) return 0;
    if (lead == 0xe0 && byte(1) < 0xa0) return 0;                         // overlong
    if (lead == 0xed && byte(1) > 0x9f) return 0;                         // surrogate
    if (lead == 0xf0 && byte(1) < 0x90) return 0;                         // overlong
    if (lead == 0xf4 && byte(1) > 0x8f) return 0;                         // beyond U+10FFFF
    if (lead == 0xc2 && byte(1) < 0xa0) return 0;                         // C1 control
    return length;
}

}  // namespace

std::string printable(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        const auto first = static_cast<unsigned char>(text.front());
        const std::size_t length = first < 0x20 || first == 0x7f ? 0 : utf8_length(text);
        if (length == 0) {
            out += '?';
            text.remove_prefix(1);
        } else {
            out += text.substr(0, length);
            text.remove_prefix(length);
        }
    }
    return out;
}

}  // namespace tcpwitness
