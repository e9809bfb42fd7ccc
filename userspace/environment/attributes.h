// Netlink's type-length-value lists. What the kernel sends is read with every length checked.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

namespace tcpwitness {

/// A list of attributes in a message: `for (const Attribute& each : Attributes(bytes))`. Stops where a length makes no sense.
class Attributes;

struct Attribute {
    std::uint16_t type = 0;  ///< without the flags of nesting and byte order
    std::string_view data;

    /// A number in the host's byte order; one that is shorter or longer than T reads as far as both go.
    template <typename T>
    T number() const {
        T value{};
        std::memcpy(&value, data.data(), std::min(sizeof value, data.size()));
        return value;
    }
    /// A number in the network's byte order, of as many bytes as there are.
    std::uint64_t big_endian() const;
    std::string_view text() const { return data.substr(0, data.find('\0')); }
    Attributes nested() const;
};

class Attributes {
public:
    explicit Attributes(std::string_view bytes = {}) : bytes_(bytes) {}

    class Iterator {
    public:
        explicit Iterator(std::string_view left) : left_(left) { take(); }
        const Attribute& operator*() const { return current_; }
        Iterator& operator++() {
            take();
            return *this;
        }
        bool operator!=(std::nullptr_t) const { return !done_; }

    private:
        void take();
        std::string_view left_;
        Attribute current_;
        bool done_ = false;
    };
    Iterator begin() const { return Iterator(bytes_); }
    std::nullptr_t end() const { return nullptr; }

    std::optional<Attribute> find(std::uint16_t type) const;
    /// The text or number of an attribute; empty or 0 where it is missing.
    std::string text(std::uint16_t type) const;
    template <typename T>
    T number(std::uint16_t type) const {
        const auto found = find(type);
        return found ? found->number<T>() : T{};
    }
    std::uint64_t big_endian(std::uint16_t type) const;
    Attributes nested(std::uint16_t type) const;

private:
    std::string_view bytes_;
};

/// Appends an attribute to a request.
void append_attribute(std::string& to, std::uint16_t type, std::string_view data);

/// The fixed part at the start of a message; the rest are attributes.
template <typename Header>
Attributes take_header(std::string_view message, Header& to) {
    to = {};
    std::memcpy(&to, message.data(), std::min(sizeof to, message.size()));
    const std::size_t aligned = (sizeof to + 3) / 4 * 4;
    return Attributes(message.size() > aligned ? message.substr(aligned) : std::string_view{});
}

}  // namespace tcpwitness
