#include "golden.h"

#include <cstdlib>
#include <fstream>
#include <sstream>

#include <fmt/format.h>

#include "base/text.h"
#include "support/tests_folder.h"

namespace tcpwitness {

std::string difference_from_golden(const std::string& name, const std::string& text) {
    const std::string path = tests_folder() + "/golden/" + name;
    if (std::getenv("TCPWITNESS_UPDATE_GOLDEN")) {
        std::ofstream(path, std::ios::binary) << text;
        return {};
    }
    std::ifstream file(path, std::ios::binary);
    if (!file) return path + " is not there; TCPWITNESS_UPDATE_GOLDEN=1 writes it";
    std::stringstream held;
    held << file.rdbuf();
    const std::string golden = held.str();
    if (golden == text) return {};
    std::string difference = path + " differs; TCPWITNESS_UPDATE_GOLDEN=1 accepts the new text\n";
    const auto wanted = split(golden, '\n'), got = split(text, '\n');
    for (std::size_t i = 0; i < std::max(wanted.size(), got.size()); ++i) {
        const std::string_view before = i < wanted.size() ? wanted[i] : "", now = i < got.size() ? got[i] : "";
        if (before != now) difference += fmt::format("{}:\n- {}\n+ {}\n", i + 1, before, now);
    }
    return difference;
}

}  // namespace tcpwitness
