#pragma once

#include <string>
#include <string_view>

namespace tcpwitness {

/// What a file seems to be by its first bytes, as the end of a sentence: "a gzip file (1f 8b 08 00)", "an empty file".
std::string file_kind(std::string_view first_bytes);

}  // namespace tcpwitness
