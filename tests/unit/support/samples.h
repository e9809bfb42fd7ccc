#pragma once

#include <fstream>
#include <iterator>
#include <string>

#include "support/tests_folder.h"

/// A file of tests/samples.
inline std::string sample_file(const std::string& name) {
    std::ifstream file(tests_folder() + "/samples/" + name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

/// ASCII and Latin-1 as UTF-16 with a byte-order mark; every line ends as Windows ends them.
inline std::string utf16(const std::string& text, bool big_endian = false) {
    std::string wide = big_endian ? "\xfe\xff" : "\xff\xfe";
    const auto add = [&](char c) {
        const char pair[2] = {big_endian ? '\0' : c, big_endian ? c : '\0'};
        wide.append(pair, 2);
    };
    for (const char c : text) {
        if (c == '\n') add('\r');
        add(c);
    }
    return wide;
}
