#include <catch2/catch.hpp>

#include "parsers/text_lines.h"
#include "support/memory_source.h"
#include "support/samples.h"

using namespace tcpwitness;

namespace {

std::vector<std::string> lines_of(std::string bytes, std::size_t piece = 4096) {
    MemorySource source(std::move(bytes), piece);
    TextLines lines(source);
    std::vector<std::string> all;
    std::string_view line;
    while (true) {
        const auto more = lines.next(line);
        REQUIRE(more.ok());
        if (!*more) return all;
        all.emplace_back(line);
        CHECK(lines.number() == all.size());
    }
}

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("Lines end with LF, CRLF, or the text") {
    CHECK(lines_of("").empty());
    CHECK(lines_of("a\r\nb\n\nc") == Lines{"a", "b", "", "c"});
    CHECK(lines_of("a\n") == Lines{"a"});
}

TEST_CASE("Every encoding comes out as UTF-8, in whatever pieces it comes in") {
    for (const std::size_t piece : {1, 2, 3, 7, 4096}) {
        CHECK(lines_of("\xef\xbb\xbf" "a\xc3\xa9\nb", piece) == Lines{"a\xc3\xa9", "b"});
        CHECK(lines_of("a\xe9\nb\xa0", piece) == Lines{"a\xc3\xa9", "b\xc2\xa0"});
        CHECK(lines_of(utf16("Alpha\nBeta\n"), piece) == Lines{"Alpha", "Beta"});
        CHECK(lines_of(utf16("Alpha\nBeta\n", true), piece) == Lines{"Alpha", "Beta"});
        CHECK(lines_of(utf16("Alpha\nBeta\n").substr(2), piece) == Lines{"Alpha", "Beta"});
        using namespace std::string_literals;
        CHECK(lines_of("\xff\xfe" "a\0\x3d\xd8\0\xde" "b\0\n\0"s, piece) == Lines{"a\xf0\x9f\x98\x80" "b"});      // a surrogate pair
        CHECK(lines_of("\xff\xfe" "a\0\x3d\xd8" "b\0\0\xde\n\0"s, piece) == Lines{"a\xef\xbf\xbd" "b\xef\xbf\xbd"});  // two halves apart
        CHECK(lines_of("\xff\xfe" "a\0\n\0b"s, piece) == Lines{"a"});                                              // half a character at the end
    }
}

TEST_CASE("The encoding is told by what is there") {
    CHECK(sniff_encoding("plain") == TextEncoding::utf8);
    CHECK(sniff_encoding("\xe4\xb8") == TextEncoding::utf8);  // cut inside a character
    CHECK(sniff_encoding("\xe4\xb8 ") == TextEncoding::latin1);
    CHECK(sniff_encoding(utf16("plain").substr(2)) == TextEncoding::utf16_le);
    CHECK(sniff_encoding(utf16("plain", true).substr(2)) == TextEncoding::utf16_be);
    CHECK(to_utf8(utf16("one\ntwo")) == "one\ntwo");
}

TEST_CASE("A line without end is cut, not kept") {
    const std::string endless(TextLines::max_line * 3, 'x');
    const Lines cut = lines_of("first\n" + endless + "\nlast\n");
    REQUIRE(cut.size() == 3);
    CHECK(cut[1].size() == TextLines::max_line);
    CHECK(cut[2] == "last");
    CHECK(lines_of(endless).size() == 1);
}
