#include "parsers/words.h"

#include <catch2/catch.hpp>

#include <string>

using namespace tcpwitness;

namespace {

/// As std::string_view::find does it.
void same(std::string_view text, Words words, std::string_view spelt) {
    INFO(text << " | " << spelt);
    CHECK(words.find_in(text) == text.find(spelt));
}

}  // namespace

TEST_CASE("words are found where they stand first, or not at all") {
    for (const std::string_view text : {"", "t", "timer", " timer ", "a timer timer ", "timer has expired.", " time timer", "xx timer", " timer x timer ", "Tcb Tcb 0x1", "TcTcb ", "onnection = 0x2"}) {
        same(text, " timer ", " timer ");
        same(text, "Tcb ", "Tcb ");
        same(text, "onnection = ", "onnection = ");
        same(text, "t", "t");
    }
    const std::string much = std::string(1000, 'q') + "requested to connect";
    same(much, "requested to connect", "requested to connect");
    same(std::string_view(much).substr(0, much.size() - 1), "requested to connect", "requested to connect");
}

TEST_CASE("words are not looked for behind the text's end") {
    const std::string whole = "connection 0x1 timer started";
    for (std::size_t size = 0; size <= whole.size(); ++size) same(std::string_view(whole).substr(0, size), "timer started", "timer started");
}
