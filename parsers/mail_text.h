// A mail as it was sent, its text parts in the clear.
#pragma once

#include <string>
#include <string_view>

namespace tcpwitness {

/// True where a part of it is a text in base64 (RFC 2045).
bool holds_base64_text(std::string_view mail);

/// The mail with those parts decoded; all else as it stands.
std::string without_base64(std::string_view mail);

}  // namespace tcpwitness
