#include "outputs/json_writer.h"

#include <cmath>

#include <fmt/format.h>

#include "base/text.h"

namespace tcpwitness {

namespace {

/// As JSON writes a code point: beyond U+FFFF as two surrogates.
std::string escape(char32_t code) {
    if (code < 0x10000) return fmt::format("\\u{:04x}", static_cast<unsigned>(code));
    const auto rest = static_cast<unsigned>(code - 0x10000);
    return fmt::format("\\u{:04x}\\u{:04x}", 0xd800 + (rest >> 10), 0xdc00 + (rest & 0x3ff));
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
    out += '"';
    while (!text.empty()) {
        const auto [code, length] = first_character(text);
        if (length == 0) {
            out += "\\ufffd";
            text.remove_prefix(1);
            continue;
        }
        if (code == '"' || code == '\\') {
            out += '\\';
            out += static_cast<char>(code);
        } else if (code == '\n') {
            out += "\\n";
        } else if (code == '\t') {
            out += "\\t";
        } else if (!shows(code)) {
            out += escape(code);
        } else {
            out += text.substr(0, length);
        }
        text.remove_prefix(length);
    }
    out += '"';
}

void JsonWriter::separate() {
    if (comma_) out_ += ',';
    comma_ = true;
}

void JsonWriter::open(char bracket) {
    separate();
    out_ += bracket;
    comma_ = false;
}

void JsonWriter::close(char bracket) {
    out_ += bracket;
    comma_ = true;
}

void JsonWriter::key(std::string_view name) {
    separate();
    append_json_string(out_, name);
    out_ += ':';
    comma_ = false;
}

void JsonWriter::value(std::string_view text) {
    separate();
    append_json_string(out_, text);
}

void JsonWriter::value(bool truth) { literal(truth ? "true" : "false"); }

void JsonWriter::value(double number) {
    if (!std::isfinite(number)) return null();
    literal(fmt::format("{}", number));
}

void JsonWriter::literal(std::string_view text) {
    separate();
    out_ += text;
}

}  // namespace tcpwitness
