// gzip and zstd streams, as far as a few megabytes go. The first byte chooses which, and how small the pieces are.
#include <memory>
#include <vector>

#include "input.h"
#include "sources/gzip_source.h"
#include "sources/zstd_source.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace tcpwitness;
    if (size == 0) return 0;
    auto bytes = std::make_unique<ViewSource>(fuzz::bytes(data + 1, size - 1));
    std::unique_ptr<ByteSource> source;
    if (data[0] & 1)
        source = std::make_unique<GzipSource>(std::move(bytes));
    else
        source = std::make_unique<ZstdSource>(std::move(bytes));
    constexpr std::size_t enough = 4u << 20;
    std::vector<char> buffer(data[0] & 2 ? 1 + data[0] : 64 * 1024);
    for (std::size_t total = 0, reads = 0; total < enough && reads < 10'000; ++reads) {
        const auto got = source->read(buffer.data(), buffer.size());
        if (!got || *got == 0) break;
        fuzz::require(*got <= buffer.size());
        fuzz::touch({buffer.data(), *got});
        total += *got;
    }
    fuzz::touch(source->cut_note());
    return 0;
}
