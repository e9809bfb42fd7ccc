#include "parsers/pasted_text.h"

#include <algorithm>
#include <utility>

#include "parsers/mail_text.h"
#include "parsers/windows_values.h"

namespace tcpwitness {

namespace {

constexpr std::pair<std::string_view, std::string_view> entities[] = {
    {"&gt;", ">"}, {"&#62;", ">"}, {"&lt;", "<"}, {"&#60;", "<"}, {"&amp;", "&"}, {"&#38;", "&"}, {"&quot;", "\""}, {"&#34;", "\""}, {"&apos;", "'"}, {"&#39;", "'"},
    {"\xc2\xa0", " "}, {"&nbsp;", " "}, {"&#160;", " "}, {"&#xa0;", " "}, {"&rarr;", "\xe2\x86\x92"}, {"&#8594;", "\xe2\x86\x92"}, {"&#x2192;", "\xe2\x86\x92"},
};

/// HTML's tags that a saved page has around a paste. "<mss 1460>" is none.
constexpr std::string_view tags[] = {"a",  "b",  "blockquote", "body", "br",  "code", "dd", "div", "dt",   "em",   "font",   "h1",    "h2",    "h3", "h4", "hr", "html", "i",
                                     "kbd", "li", "ol",         "p",    "pre", "samp", "section", "small", "span", "strong", "table", "tbody", "td", "th", "tr", "tt", "u",    "ul"};

/// Of these, those at which a browser begins a new line. What is inside a line (<span>, <td>) parts words at most.
constexpr std::string_view line_tags[] = {"blockquote", "body", "br", "dd", "div", "dt", "h1", "h2", "h3", "h4", "hr", "html", "li", "ol", "p", "pre", "section", "table", "tbody", "tr", "ul"};

std::string in_lower_case(std::string_view word) {
    std::string lower(word);
    for (char& c : lower) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
    return lower;
}

/// The length of the tag that `text` begins with; 0: none.
std::size_t tag_length(std::string_view text) {
    constexpr std::size_t longest = 512;
    const auto end = text.substr(0, longest).find('>');
    if (end == std::string_view::npos) return 0;
    std::string_view name = text.substr(1, end - 1);
    if (name.starts_with('/')) name.remove_prefix(1);
    const std::string_view word = name.substr(0, name.find_first_of(" /\t"));
    const bool alone = word.size() == name.size() || name.ends_with('/') || name.find('=') != std::string_view::npos;
    return alone && std::binary_search(std::begin(tags), std::end(tags), std::string_view(in_lower_case(word))) ? end + 1 : 0;
}

/// What stands in the place of a tag: a new line, a blank between cells, or nothing, as <span> and <b> may stand within a word.
std::string_view in_place_of(std::string_view tag) {
    tag.remove_prefix(1);
    if (tag.starts_with('/')) tag.remove_prefix(1);
    const std::string name = in_lower_case(tag.substr(0, tag.find_first_of(" />\t")));
    if (std::binary_search(std::begin(line_tags), std::end(line_tags), std::string_view(name))) return "\n";
    return name == "td" || name == "th" ? " " : "";
}

/// Lines that end as those of old Macs do.
bool has_only_returns(std::string_view utf8) { return utf8.find('\r') != std::string_view::npos && utf8.find('\n') == std::string_view::npos; }

/// A mail as it was sent: '=' at the end of a line joins it with the next, and =3D is a character.
bool is_quoted_printable(std::string_view utf8) {
    const auto has = [&](std::string_view part) { return utf8.find(part) != std::string_view::npos; };
    return has("quoted-printable") || has(" Seq=3D") || has("=E2=86=92");
}

std::string without_quoted_printable(std::string_view text) {
    const auto digit = [](char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1; };
    std::string plain;
    plain.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '=') {
            plain += text[i];
        } else if (text.substr(i + 1).starts_with("\r\n")) {
            i += 2;
        } else if (text.substr(i + 1).starts_with('\n')) {
            ++i;
        } else if (i + 2 < text.size() && digit(text[i + 1]) >= 0 && digit(text[i + 2]) >= 0) {
            plain += static_cast<char>(digit(text[i + 1]) * 16 + digit(text[i + 2]));
            i += 2;
        } else {
            plain += '=';
        }
    }
    return plain;
}

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

/// "&#91;" and "&#x5b;" of ASCII; its length, or 0.
std::size_t take_numeric(std::string_view text, std::string& to) {
    if (!text.starts_with("&#")) return 0;
    std::string_view digits = text.substr(2);
    const bool hex = digits.starts_with('x') || digits.starts_with('X');
    if (hex) digits.remove_prefix(1);
    const auto value = hex ? windows::take_hexadecimal(digits) : windows::take_number(digits);
    if (!value || *value < 32 || *value > 126 || !digits.starts_with(';')) return 0;
    to += static_cast<char>(*value);
    return text.size() - digits.size() + 1;
}

void append_unescaped(std::string& text, std::string_view line) {
    constexpr std::string_view first = "&<\xc2";  // of what is looked for
    for (auto at = line.find_first_of(first); at != std::string_view::npos; at = line.find_first_of(first)) {
        text += line.substr(0, at);
        line.remove_prefix(at);
        std::size_t taken = line.front() == '<' ? tag_length(line) : take_numeric(line, text);
        if (line.front() == '<' && taken) text += in_place_of(line);
        for (const auto& [written, meant] : entities)
            if (!taken && line.starts_with(written)) {
                text += meant;
                taken = written.size();
            }
        if (!taken) text += line[taken++];
        line.remove_prefix(taken);
    }
    text += line;
}

}  // namespace

bool is_marked_up(std::string_view utf8) {
    if (is_quoted_printable(utf8) || has_only_returns(utf8) || holds_base64_text(utf8)) return true;
    for (auto at = utf8.find('<'); at != std::string_view::npos; at = utf8.find('<', at + 1))
        if (tag_length(utf8.substr(at))) return true;
    for (const auto& [written, meant] : entities)
        if (utf8.find(written) != std::string_view::npos) return true;
    std::string decoded;
    for (auto at = utf8.find("&#"); at != std::string_view::npos; at = utf8.find("&#", at + 1))
        if (take_numeric(utf8.substr(at), decoded)) return true;
    while (!utf8.empty()) {
        if (windows::skip_blanks(utf8).starts_with('>')) return true;
        const auto end = utf8.find('\n');
        utf8.remove_prefix(end == std::string_view::npos ? utf8.size() : end + 1);
    }
    return false;
}

std::string without_markup(std::string_view utf8) {
    std::string text, line, decoded, clear;
    if (holds_base64_text(utf8)) utf8 = clear = without_base64(utf8);
    if (is_quoted_printable(utf8)) utf8 = decoded = without_quoted_printable(utf8);
    if (has_only_returns(utf8)) {
        decoded = utf8;
        std::replace(decoded.begin(), decoded.end(), '\r', '\n');
        utf8 = decoded;
    }
    text.reserve(utf8.size());
    while (!utf8.empty()) {
        const auto end = utf8.find('\n');
        line.clear();
        append_unescaped(line, utf8.substr(0, end));
        for (std::string_view rest = line;;) {  // a tag may have made several of it
            const auto next = rest.find('\n');
            text += without_quoting(rest.substr(0, next));
            if (next == std::string_view::npos) break;
            text += '\n';
            rest.remove_prefix(next + 1);
        }
        if (end == std::string_view::npos) break;
        text += '\n';
        utf8.remove_prefix(end + 1);
    }
    return text;
}

}  // namespace tcpwitness
