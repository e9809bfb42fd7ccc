// Lines of a text file in whatever encoding it has, as UTF-8, from any byte source and in bounded memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "parsers/byte_source.h"

namespace tcpwitness {

enum class TextEncoding : std::uint8_t { utf8, utf16_le, utf16_be, latin1 };
const char* name(TextEncoding);

/// By byte-order mark, else by where the zero bytes are, else UTF-8 where it is that, else Latin-1.
TextEncoding sniff_encoding(std::string_view first_bytes);
/// A text's first bytes as UTF-8, whatever encoding they are in, without a byte-order mark.
std::string to_utf8(std::string_view first_bytes);

class TextLines {
public:
    /// A longer line is handed out cut to this, and the rest of it is passed over.
    static constexpr std::size_t max_line = 256 * 1024;

    explicit TextLines(ByteSource& source) : source_(source) {}

    /// The next line without its end; false at the end of the text. `line` stays valid until the next call.
    Result<bool> next(std::string_view& line);

    std::uint64_t number() const { return number_; }      ///< of the line that next() returned, from 1
    TextEncoding encoding() const { return encoding_; }

private:
    Status fill();
    void decode_utf16(std::string_view bytes);
    void decode_latin1(std::string_view bytes);
    void append(std::uint32_t code_point);

    ByteSource& source_;
    TextEncoding encoding_ = TextEncoding::utf8;
    bool started_ = false, ended_ = false, skipping_ = false;
    std::vector<char> raw_;
    std::string text_;                ///< decoded, not handed out yet from begin_ on
    std::size_t begin_ = 0, searched_ = 0;
    std::uint64_t number_ = 0;
    char odd_byte_ = 0;               ///< UTF-16: first half of a unit
    bool has_odd_byte_ = false;
    std::uint32_t high_surrogate_ = 0;
};

}  // namespace tcpwitness
