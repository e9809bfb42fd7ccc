#include "json_check.h"

#include <cctype>

namespace tcpwitness {

namespace {

class Reader {
public:
    explicit Reader(std::string_view text) : text_(text) {}

    bool whole_object(std::set<std::string>& keys) {
        keys_ = &keys;
        return peek() == '{' && value("") && text_.empty();
    }

private:
    char peek() const { return text_.empty() ? '\0' : text_.front(); }
    bool take(char wanted) {
        if (peek() != wanted) return false;
        text_.remove_prefix(1);
        return true;
    }
    bool literal(std::string_view word) {
        if (!text_.starts_with(word)) return false;
        text_.remove_prefix(word.size());
        return true;
    }
    bool value(const std::string& path) {
        switch (peek()) {
            case '{': return object(path);
            case '[': return array(path);
            case '"': return string(nullptr);
            case 't': return literal("true");
            case 'f': return literal("false");
            case 'n': return literal("null");
            default: return number();
        }
    }
    bool number() {
        take('-');
        std::size_t digits = 0;
        const bool zero = peek() == '0';
        for (; std::isdigit(static_cast<unsigned char>(peek())); ++digits) text_.remove_prefix(1);
        return digits == 1 || (digits > 1 && !zero);
    }
    bool string(std::string* out) {
        if (!take('"')) return false;
        while (!text_.empty() && peek() != '"') {
            const auto byte = static_cast<unsigned char>(peek());
            if (byte < 0x20 || byte == 0x7f) return false;
            if (byte == '\\' ? !escape() : !character()) return false;
            if (out && byte != '\\') *out += static_cast<char>(byte);
        }
        return take('"');
    }
    bool escape() {
        take('\\');
        const char kind = peek();
        if (kind == '\0' || std::string_view("\"\\/bfnrtu").find(kind) == std::string_view::npos) return false;
        take(kind);
        for (int i = 0; kind == 'u' && i < 4; ++i) {
            if (!std::isxdigit(static_cast<unsigned char>(peek()))) return false;
            text_.remove_prefix(1);
        }
        return true;
    }
    bool character() {
        const auto lead = static_cast<unsigned char>(peek());
        const std::size_t length = lead < 0x80 ? 1 : lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;
        if (length == 0 || length > text_.size()) return false;
        for (std::size_t i = 1; i < length; ++i)
            if ((static_cast<unsigned char>(text_[i]) & 0xc0) != 0x80) return false;
        text_.remove_prefix(length);
        return true;
    }
    bool array(const std::string& path) {
        take('[');
        if (take(']')) return true;
        do {
            if (!value(path + "[]")) return false;
        } while (take(','));
        return take(']');
    }
    bool object(const std::string& path) {
        take('{');
        if (take('}')) return true;
        std::set<std::string> own;
        do {
            std::string key;
            if (!string(&key) || !own.insert(key).second || !take(':')) return false;
            const std::string full = path.empty() ? key : path + "." + key;
            keys_->insert(full);
            if (!value(full)) return false;
        } while (take(','));
        return take('}');
    }

    std::string_view text_;
    std::set<std::string>* keys_ = nullptr;
};

}  // namespace

std::optional<std::set<std::string>> json_keys(std::string_view line) {
    std::set<std::string> keys;
    if (!Reader(line).whole_object(keys)) return std::nullopt;
    return keys;
}

std::string json_value(std::string_view line, std::string_view key) {
    const std::string marked = "\"" + std::string(key) + "\":";
    const auto at = line.find(marked);
    if (at == std::string_view::npos) return {};
    std::string_view rest = line.substr(at + marked.size());
    if (rest.starts_with('"')) return std::string(rest.substr(1, rest.find('"', 1) - 1));
    if (rest.starts_with('[')) return std::string(rest.substr(0, rest.find(']') + 1));
    return std::string(rest.substr(0, rest.find_first_of(",}")));
}

}  // namespace tcpwitness
