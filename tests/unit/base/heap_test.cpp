#include <catch2/catch.hpp>

#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "base/heap.h"

using namespace tcpwitness;

namespace {

/// KiB of this process on pages of 2 MB.
std::size_t huge_kib() {
    std::ifstream file("/proc/self/smaps_rollup");
    std::string line;
    while (std::getline(file, line))
        if (line.starts_with("AnonHugePages:")) return std::stoul(line.substr(14));
    return 0;
}

/// Whether who asks is given any: not by every kernel, and not by an emulator.
bool given_to_who_asks() {
    const std::size_t before = huge_kib();
    std::vector<char, HugePages<char>> memory(16 << 20, 1);
    return huge_kib() > before;
}

}  // namespace

TEST_CASE("many small pieces stand on huge pages, and nothing of them is lost") {
    constexpr std::size_t pieces = 400'000, bytes = 200;
    const bool given = given_to_who_asks();
    const std::size_t before = huge_kib();
    std::vector<std::unique_ptr<std::string>> kept;
    kept.reserve(pieces);
    {
        HeapOfHugePages heap;
        for (std::size_t i = 0; i < pieces; ++i) {
            kept.push_back(std::make_unique<std::string>(bytes, static_cast<char>('a' + i % 26)));
            heap.look();
        }
    }
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < pieces; ++i) wrong += *kept[i] != std::string(bytes, static_cast<char>('a' + i % 26));
    CHECK(wrong == 0);
    if (!given) {
        WARN("skipped: no huge pages are given here");
        return;
    }
    CHECK(huge_kib() >= before + (32 << 10));  // of 90 MB
}
