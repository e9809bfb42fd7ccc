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
    const std::uint64_t hours = seconds / 3600, days = hours / 24;
    if (days < 3) return fmt::format("{} h {:02} min", hours, seconds / 60 % 60);
    if (days < 3 * 365) return fmt::format("{} days {} h", days, hours % 24);
    return fmt::format("{:.1f} years", static_cast<double>(days) / 365.25);
}

std::string count_text(std::uint64_t count, std::string_view singular, std::string_view plural) {
    return fmt::format("{} {}", count, count == 1 ? singular : plural);
}

Character first_character(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned lead = byte(0);
    if (lead < 0x80) return {lead, 1};
    const std::size_t length = lead >= 0xf0 && lead < 0xf5 ? 4 : lead >= 0xe0 && lead < 0xf0 ? 3 : lead >= 0xc2 && lead < 0xe0 ? 2 : 0;
    if (length == 0 || length > text.size()) return {0, 0};
    char32_t code = lead & (0x7fu >> length);
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte(i) & 0xc0) != 0x80) return {0, 0};
        code = code << 6 | (byte(i) & 0x3f);
    }
    constexpr char32_t least[] = {0, 0, 0x80, 0x800, 0x10000};  // below: an overlong form
    if (code < least[length] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return {0, 0};
    return {code, length};
}

bool shows(char32_t code) {
    // Unicode's controls (Cc), format characters (Cf), separators of lines and paragraphs, and the default-ignorable rest.
    static constexpr struct {
        char32_t first, last;
    } hidden[] = {
        {0x00, 0x1f},     {0x7f, 0x9f},     {0xad, 0xad},     {0x34f, 0x34f},   {0x600, 0x605},   {0x61c, 0x61c},     {0x6dd, 0x6dd},
        {0x70f, 0x70f},   {0x890, 0x891},   {0x8e2, 0x8e2},   {0x115f, 0x1160}, {0x17b4, 0x17b5}, {0x180b, 0x180f},   {0x200b, 0x200f},
        {0x2028, 0x202e}, {0x2060, 0x206f}, {0x3164, 0x3164}, {0xfe00, 0xfe0f}, {0xfeff, 0xfeff}, {0xffa0, 0xffa0},   {0xfff0, 0xfffb},
        {0xfffe, 0xffff}, {0x110bd, 0x110bd}, {0x110cd, 0x110cd}, {0x13430, 0x1343f}, {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a}, {0xe0000, 0xe0fff},
    };
    if (code >= 0x20 && code < 0x7f) return true;
    for (const auto& range : hidden)
        if (code >= range.first && code <= range.last) return false;
    return true;
}

std::string printable(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        const Character next = first_character(text);
        const std::size_t length = next.length ? next.length : 1;
        if (next.length && shows(next.code))
            out += text.substr(0, length);
        else
            out += '?';
        text.remove_prefix(length);
    }
    return out;
}

}  // namespace tcpwitness
