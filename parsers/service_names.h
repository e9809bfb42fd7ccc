// Ports that a text shows by their services' names.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace tcpwitness {

/// A name that is not known is a port all the same: which number it has, nobody needs to know to follow a connection. It gets a number that stands for it in
/// this text.
class ServiceNames {
public:
    /// "443", "https", "https(443)"; nothing for what is neither a port nor a service's name.
    std::optional<std::uint16_t> port(std::string_view word);

    /// The names that got a number, with it.
    const std::map<std::string, std::uint16_t, std::less<>>& unknown() const { return unknown_; }

private:
    std::map<std::string, std::uint16_t, std::less<>> unknown_;
};

}  // namespace tcpwitness
