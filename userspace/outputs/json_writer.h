// Writes one JSON value after another into a string. The caller keeps begin and end in balance; commas come by themselves.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

namespace tcpwitness {

class JsonWriter {
public:
    explicit JsonWriter(std::string& out) : out_(out) {}

    /// The next value stands on its own: no comma before it.
    void restart() { comma_ = false; }

    void begin_object() { open('{'); }
    void end_object() { close('}'); }
    void begin_array() { open('['); }
    void end_array() { close(']'); }
    void key(std::string_view name);

    void value(std::string_view text);
    void value(const char* text) { value(std::string_view(text)); }
    void value(const std::string& text) { value(std::string_view(text)); }
    void value(bool truth);
    void value(std::integral auto number) { literal(std::to_string(number)); }
    void value(double number);  ///< no number (NaN, infinity) becomes null
    void null() { literal("null"); }

    void member(std::string_view name, const auto& what) {
        key(name);
        value(what);
    }

private:
    void open(char bracket);
    void close(char bracket);
    void literal(std::string_view text);
    void separate();

    std::string& out_;
    bool comma_ = false;
};

/// `text` as a JSON string with its quotes. Bytes that are not valid UTF-8 become U+FFFD; what does not show
/// (base/text.h) is escaped, so that neither a parser nor a terminal nor a reader is led astray.
void append_json_string(std::string& out, std::string_view text);

}  // namespace tcpwitness
