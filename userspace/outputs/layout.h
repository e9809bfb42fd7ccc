// Text on a terminal: colour, padding, wrapping.
#pragma once

#include <string>
#include <string_view>

namespace tcpwitness {

/// Colours text, or leaves it alone.
class Paint {
public:
    explicit Paint(bool on) : on_(on) {}
    std::string bold(std::string_view text) const { return wrap("1", text); }
    std::string dim(std::string_view text) const { return wrap("2", text); }
    std::string red(std::string_view text) const { return wrap("31", text); }
    std::string strong_red(std::string_view text) const { return wrap("1;31", text); }
    std::string yellow(std::string_view text) const { return wrap("33", text); }
    std::string cyan(std::string_view text) const { return wrap("36", text); }

private:
    std::string wrap(const char* code, std::string_view text) const;
    bool on_;
};

/// Characters, not bytes; colours have no width.
std::size_t display_width(std::string_view text);
std::string pad_right(std::string_view text, std::size_t width);
std::string pad_left(std::string_view text, std::size_t width);

/// Breaks at blanks so that no line is longer than `width`, as far as the words allow. The first line begins with `first`, the others
/// with as many blanks. Ends with a newline.
std::string wrapped(std::string_view text, std::string_view first, std::size_t width);

}  // namespace tcpwitness
