#include "outputs/layout.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"

namespace tcpwitness {

std::string Paint::wrap(const char* code, std::string_view text) const {
    return on_ && text.find_first_not_of(' ') != std::string_view::npos ? fmt::format("\033[{}m{}\033[0m", code, text) : std::string(text);
}

std::size_t display_width(std::string_view text) {
    std::size_t width = 0;
    bool escape = false;
    for (const char c : text) {
        if (c == '\033') escape = true;
        if (!escape && (c & 0xc0) != 0x80) ++width;
        if (escape && c == 'm') escape = false;
    }
    return width;
}

std::string pad_right(std::string_view text, std::size_t width) {
    std::string padded(text);
    padded.append(width - std::min(width, display_width(text)), ' ');
    return padded;
}

std::string pad_left(std::string_view text, std::size_t width) {
    return std::string(width - std::min(width, display_width(text)), ' ').append(text);
}

std::string wrapped(std::string_view text, std::string_view first, std::size_t width) {
    const std::size_t indent = display_width(first);
    std::string out(first);
    std::size_t column = indent;
    for (const std::string_view word : split(text, ' ')) {
        if (word.empty()) continue;
        const std::size_t length = display_width(word);
        if (column > indent && column + 1 + length > width) {
            out += '\n';
            out.append(indent, ' ');
            column = indent;
        }
        if (column > indent) {
            out += ' ';
            ++column;
        }
        out += word;
        column += length;
    }
    out += '\n';
    return out;
}

}  // namespace tcpwitness
