// A second opinion on JSON: a small strict reader that shares nothing with the writer.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace tcpwitness {

/// The keys of the object on one line, those of nested objects as "outer.inner"; nothing when the line is not one valid JSON object
/// in valid UTF-8, or holds a key twice.
std::optional<std::set<std::string>> json_keys(std::string_view line);

/// The raw text of a key's value, without the quotes of a string; empty when there is none. For keys that occur once in the line.
std::string json_value(std::string_view line, std::string_view key);

}  // namespace tcpwitness
