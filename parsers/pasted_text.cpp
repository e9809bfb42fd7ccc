#include "parsers/pasted_text.h"

#include <utility>

#include "parsers/windows_values.h"

namespace tcpwitness {

namespace {

constexpr std::pair<std::string_view, std::string_view> entities[] = {
    {"&gt;", ">"}, {"&#62;", ">"}, {"&lt;", "<"}, {"&#60;", "<"}, {"&amp;", "&"}, {"&#38;", "&"}, {"&quot;", "\""}, {"&#34;", "\""}, {"&apos;", "'"}, {"&#39;", "'"},
    {"\xc2\xa0", " "}, {"&nbsp;", " "}, {"&#160;", " "}, {"&#xa0;", " "}, {"&rarr;", "\xe2\x86\x92"}, {"&#8594;", "\xe2\x86\x92"}, {"&#x2192;", "\xe2\x86\x92"},
};

/// Marks of quoting off the front, however often it was quoted.
std::string_view without_quoting(std::string_view line) {
    std::string_view rest = windows::skip_blanks(line);
    if (!rest.starts_with('>')) return line;
    while (rest.starts_with('>')) {
        rest.remove_prefix(1);
        if (const std::string_view behind = windows::skip_blanks(rest); behind.starts_with('>')) rest = behind;
    }
    if (rest.starts_with(' ')) rest.remove_prefix(1);  // what stands behind the mark's own blank is the line's own indentation
    return rest;
}

void append_unescaped(std::string& text, std::string_view line) {
    constexpr std::string_view first = "&\xc2";  // of what is looked for
    for (auto at = line.find_first_of(first); at != std::string_view::npos; at = line.find_first_of(first)) {
        text += line.substr(0, at);
        line.remove_prefix(at);
        std::size_t taken = 0;
        for (const auto& [written, meant] : entities)
            if (line.starts_with(written)) {
                text += meant;
                taken = written.size();
                break;
            }
        if (!taken) text += line[taken++];
        line.remove_prefix(taken);
    }
    text += line;
}

}  // namespace

bool is_marked_up(std::string_view utf8) {
    for (const auto& [written, meant] : entities)
        if (utf8.find(written) != std::string_view::npos) return true;
    while (!utf8.empty()) {
        if (windows::skip_blanks(utf8).starts_with('>')) return true;
        const auto end = utf8.find('\n');
        utf8.remove_prefix(end == std::string_view::npos ? utf8.size() : end + 1);
    }
    return false;
}

std::string without_markup(std::string_view utf8) {
    std::string text, line;
    text.reserve(utf8.size());
    while (!utf8.empty()) {
        const auto end = utf8.find('\n');
        line.clear();
        append_unescaped(line, utf8.substr(0, end));
        text += without_quoting(line);
        if (end == std::string_view::npos) break;
        text += '\n';
        utf8.remove_prefix(end + 1);
    }
    return text;
}

}  // namespace tcpwitness
