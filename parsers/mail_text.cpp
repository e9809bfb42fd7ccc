#include "parsers/mail_text.h"

#include <cstdint>

namespace tcpwitness {

namespace {

std::string lower(std::string_view text) {
    std::string small(text);
    for (char& c : small) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
    return small;
}

/// The line off the front, without its end.
std::string_view take_line(std::string_view& text) {
    const auto end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
}

int value(char c) {
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/// A line of base64 onto `to`, with what is left of the lines before it; false where it is none.
bool decode(std::string_view line, std::string& to, std::uint32_t& bits, int& count) {
    constexpr std::size_t longest = 1024;
    if (line.empty() || line.size() > longest) return false;
    for (const char c : line)
        if (value(c) < 0 && c != '=') return false;
    for (const char c : line) {
        if (c == '=') break;
        bits = bits << 6 | static_cast<std::uint32_t>(value(c));
        count += 6;
        if (count < 8) continue;
        count -= 8;
        to += static_cast<char>(bits >> count & 0xff);
    }
    return true;
}

/// The fields of a part's head, up to its empty line: of a text, in base64?
bool text_in_base64(const std::string& head) {
    const auto encoding = head.find("content-transfer-encoding:");
    if (encoding == std::string::npos) return false;
    const auto end = head.find('\n', encoding);
    const bool base64 = head.substr(encoding, end == std::string::npos ? end : end - encoding).find("base64") != std::string::npos;
    return base64 && (head.find("content-type:") == std::string::npos || head.find("content-type: text/") != std::string::npos);
}

}  // namespace

bool holds_base64_text(std::string_view mail) {
    std::string head;
    while (!mail.empty()) {
        const std::string_view line = take_line(mail);
        if (line.empty()) {
            if (text_in_base64(head)) return true;
            head.clear();
        } else if (head.size() < 64 * 1024) {
            head += lower(line) + '\n';
        }
    }
    return false;
}

std::string without_base64(std::string_view mail) {
    std::string text, head;
    while (!mail.empty()) {
        const std::string_view line = take_line(mail);
        text += line;
        text += '\n';
        if (!line.empty()) {
            if (head.size() < 64 * 1024) head += lower(line) + '\n';
            continue;
        }
        const bool encoded = text_in_base64(head);
        head.clear();
        if (!encoded) continue;
        std::uint32_t bits = 0;
        int count = 0;
        for (std::string_view rest = mail; !rest.empty() && decode(take_line(rest), text, bits, count);) mail = rest;
        text += '\n';
    }
    return text;
}

}  // namespace tcpwitness
