#include "sources/gzip_source.h"

#include <catch2/catch.hpp>

#include "support/compressed.h"
#include "support/memory_source.h"

using namespace tcpwitness;

namespace {

struct Seen {
    std::string plain, error, cut_note;
};

Seen inflate_all(std::string bytes, std::size_t piece = 4096, std::size_t room = 1000) {
    GzipSource source(std::make_unique<MemorySource>(std::move(bytes), piece));
    Seen seen;
    std::string buffer(room, '\0');
    while (true) {
        const auto got = source.read(buffer.data(), buffer.size());
        if (!got) seen.error = got.error().message;
        if (!got || *got == 0) break;
        seen.plain.append(buffer, 0, *got);
    }
    seen.cut_note = source.cut_note();
    return seen;
}

std::string sample() {
    std::string text;
    for (int i = 0; i < 3000; ++i) text += std::to_string(i * 7919) + ",";
    return text;
}

}  // namespace

TEST_CASE("gzip members in a row are one stream, in pieces of any size") {
    const std::string first = sample(), bytes = gzip(first) + gzip("") + gzip("second");
    for (const std::size_t piece : {1, 7, 4096}) {
        const Seen seen = inflate_all(bytes, piece, piece == 7 ? 1 : 1000);
        CHECK(seen.plain == first + "second");
        CHECK(seen.error.empty());
        CHECK(seen.cut_note.empty());
    }
    const Seen padded = inflate_all(bytes + std::string(512, '\0'));
    CHECK(padded.plain == first + "second");
    CHECK(padded.cut_note.empty());
}

TEST_CASE("a gzip stream that is cut anywhere yields what is there and says so") {
    const std::string plain = sample(), whole = gzip(plain);
    std::size_t most = 0;
    for (std::size_t size = 0; size < whole.size(); size += 5) {
        const Seen seen = inflate_all(whole.substr(0, size));
        CHECK(seen.error.empty());
        CHECK(seen.cut_note == "the gzip stream is cut off");
        CHECK(seen.plain == plain.substr(0, seen.plain.size()));
        most = std::max(most, seen.plain.size());
    }
    CHECK(most > plain.size() / 2);
}

TEST_CASE("a damaged gzip stream is one error") {
    std::string bytes = gzip(sample());
    bytes[bytes.size() - 6] ^= 1;  // the checksum
    CHECK(inflate_all(bytes).error == "damaged gzip stream: incorrect data check");
    CHECK(inflate_all(gzip("a") + "what else").error.find("damaged gzip stream: incorrect header check") == 0);
    for (std::size_t at = 0; at < 400; ++at) {
        std::string flipped = gzip(sample().substr(0, 700));
        flipped[at % flipped.size()] ^= static_cast<char>(1u << at % 8);
        CHECK(inflate_all(flipped).plain.size() < 1'000'000);
    }
}
