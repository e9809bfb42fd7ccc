#include "parsers/text_lines.h"

#include <algorithm>
#include <cstring>

#include "parsers/view_source.h"

namespace tcpwitness {

namespace {

constexpr std::size_t chunk = 256 * 1024;
constexpr std::uint32_t replacement = 0xfffd;

bool high_surrogate(std::uint32_t unit) { return unit >= 0xd800 && unit < 0xdc00; }
bool low_surrogate(std::uint32_t unit) { return unit >= 0xdc00 && unit < 0xe000; }

/// True also for text that ends inside a character.
bool valid_utf8(std::string_view text) {
    std::size_t i = 0;
    while (i < text.size()) {
        const auto lead = static_cast<unsigned char>(text[i]);
        const std::size_t more = lead < 0x80 ? 0 : lead >= 0xc2 && lead < 0xe0 ? 1 : lead >= 0xe0 && lead < 0xf0 ? 2 : lead >= 0xf0 && lead < 0xf5 ? 3 : 4;
        if (more == 4) return false;
        for (std::size_t k = 1; k <= more && i + k < text.size(); ++k)
            if ((static_cast<unsigned char>(text[i + k]) & 0xc0) != 0x80) return false;
        i += more + 1;
    }
    return true;
}

void append_utf8(std::string& to, std::uint32_t c) {
    if (c < 0x80) {
        to += static_cast<char>(c);
    } else if (c < 0x800) {
        to += static_cast<char>(0xc0 | c >> 6);
        to += static_cast<char>(0x80 | (c & 0x3f));
    } else if (c < 0x10000) {
        to += static_cast<char>(0xe0 | c >> 12);
        to += static_cast<char>(0x80 | (c >> 6 & 0x3f));
        to += static_cast<char>(0x80 | (c & 0x3f));
    } else {
        to += static_cast<char>(0xf0 | c >> 18);
        to += static_cast<char>(0x80 | (c >> 12 & 0x3f));
        to += static_cast<char>(0x80 | (c >> 6 & 0x3f));
        to += static_cast<char>(0x80 | (c & 0x3f));
    }
}

}  // namespace

const char* name(TextEncoding encoding) {
    switch (encoding) {
        case TextEncoding::utf8: return "UTF-8";
        case TextEncoding::utf16_le: return "UTF-16LE";
        case TextEncoding::utf16_be: return "UTF-16BE";
        case TextEncoding::latin1: return "Latin-1";
    }
    return "?";
}

TextEncoding sniff_encoding(std::string_view bytes) {
    if (bytes.starts_with("\xff\xfe")) return TextEncoding::utf16_le;
    if (bytes.starts_with("\xfe\xff")) return TextEncoding::utf16_be;
    if (bytes.starts_with("\xef\xbb\xbf")) return TextEncoding::utf8;
    std::size_t even = 0, odd = 0;
    const std::size_t looked_at = std::min<std::size_t>(bytes.size(), 512) & ~std::size_t{1};
    for (std::size_t i = 0; i < looked_at; i += 2) {
        even += bytes[i] == 0;
        odd += bytes[i + 1] == 0;
    }
    if (odd * 4 > looked_at && even * 16 < looked_at) return TextEncoding::utf16_le;  // most of it is ASCII
    if (even * 4 > looked_at && odd * 16 < looked_at) return TextEncoding::utf16_be;
    return valid_utf8(bytes) ? TextEncoding::utf8 : TextEncoding::latin1;
}

std::string to_utf8(std::string_view first_bytes) {
    ViewSource source(first_bytes);
    TextLines lines(source);
    std::string text;
    std::string_view line;
    while (true) {
        const auto more = lines.next(line);
        if (!more || !*more) return text;
        if (lines.number() > 1) text += '\n';
        text += line;
    }
}

void TextLines::append(std::uint32_t unit) {
    if (high_surrogate_) {
        const std::uint32_t high = high_surrogate_;
        high_surrogate_ = 0;
        if (low_surrogate(unit)) return append_utf8(text_, 0x10000 + ((high - 0xd800) << 10) + (unit - 0xdc00));
        append_utf8(text_, replacement);
    }
    if (high_surrogate(unit))
        high_surrogate_ = unit;
    else
        append_utf8(text_, low_surrogate(unit) ? replacement : unit);
}

void TextLines::decode_utf16(std::string_view bytes) {
    const bool big = encoding_ == TextEncoding::utf16_be;
    const auto unit = [big](char first, char second) {
        const auto a = static_cast<unsigned char>(first), b = static_cast<unsigned char>(second);
        return static_cast<std::uint32_t>(big ? a << 8 | b : b << 8 | a);
    };
    if (has_odd_byte_ && !bytes.empty()) {
        append(unit(odd_byte_, bytes[0]));
        bytes.remove_prefix(1);
        has_odd_byte_ = false;
    }
    std::size_t i = 0;
    while (i + 1 < bytes.size()) {
        // Nearly all of it is ASCII: long runs of that go in one piece.
        std::size_t end = i;
        if (!high_surrogate_)
            while (end + 1 < bytes.size() && bytes[end + !big] == 0 && bytes[end + big] >= 0) end += 2;
        const std::size_t at = text_.size();
        text_.resize(at + (end - i) / 2);
        for (char* to = text_.data() + at; i < end; i += 2) *to++ = bytes[i + big];
        if (i + 1 < bytes.size()) {
            append(unit(bytes[i], bytes[i + 1]));
            i += 2;
        }
    }
    if (i < bytes.size()) {
        odd_byte_ = bytes[i];
        has_odd_byte_ = true;
    }
}

void TextLines::decode_latin1(std::string_view bytes) {
    for (const char byte : bytes) append_utf8(text_, static_cast<unsigned char>(byte));
}

Status TextLines::fill() {
    text_.erase(0, begin_);
    searched_ -= begin_;
    begin_ = 0;
    const std::size_t at = text_.size();
    const bool as_it_is = started_ && encoding_ == TextEncoding::utf8;
    char* into;
    if (as_it_is) {
        text_.resize(at + chunk);
        into = text_.data() + at;
    } else {
        raw_.resize(chunk);
        into = raw_.data();
    }
    std::size_t got = 0;
    do {  // the first piece must be enough to tell the encoding, also from a pipe
        const auto piece = source_.read(into + got, chunk - got);
        if (!piece) return piece.error();
        if (*piece == 0) ended_ = true;
        got += *piece;
    } while (!started_ && !ended_ && got < chunk);
    if (as_it_is) {
        text_.resize(at + got);
        return success();
    }
    std::string_view bytes(raw_.data(), got);
    if (!started_) {
        started_ = true;
        encoding_ = sniff_encoding(bytes);
        const bool wide = encoding_ == TextEncoding::utf16_le || encoding_ == TextEncoding::utf16_be;
        if (wide && (bytes.starts_with("\xff\xfe") || bytes.starts_with("\xfe\xff"))) bytes.remove_prefix(2);
        if (bytes.starts_with("\xef\xbb\xbf")) bytes.remove_prefix(3);
    }
    switch (encoding_) {
        case TextEncoding::utf8: text_.append(bytes); break;
        case TextEncoding::latin1: decode_latin1(bytes); break;
        default: decode_utf16(bytes);
    }
    return success();
}

Result<bool> TextLines::next(std::string_view& line) {
    while (true) {
        const auto* end = static_cast<const char*>(std::memchr(text_.data() + searched_, '\n', text_.size() - searched_));
        if (end) {
            line = std::string_view(text_.data() + begin_, static_cast<std::size_t>(end - text_.data()) - begin_);
            begin_ = searched_ = static_cast<std::size_t>(end - text_.data()) + 1;
            if (skipping_) {
                skipping_ = false;
                continue;
            }
        } else if (skipping_) {
            begin_ = searched_ = text_.size();
            if (ended_) return false;
            if (const Status filled = fill(); !filled) return filled.error();
            continue;
        } else if (text_.size() - begin_ > max_line || (ended_ && begin_ < text_.size())) {
            skipping_ = !ended_;
            line = std::string_view(text_).substr(begin_);
            begin_ = searched_ = text_.size();
        } else if (ended_) {
            return false;
        } else {
            searched_ = text_.size();
            if (const Status filled = fill(); !filled) return filled.error();
            continue;
        }
        ++number_;
        line = line.substr(0, max_line);
        if (line.ends_with('\r')) line.remove_suffix(1);
        return true;
    }
}

}  // namespace tcpwitness
