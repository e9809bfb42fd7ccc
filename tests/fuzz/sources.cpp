// Telling a file's kind by its first bytes.
#include "sources/sources.h"

#include "input.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace tcpwitness;
    const std::string_view start = fuzz::bytes(data, size);
    if (!recognise_source(start)) fuzz::touch(not_recognised(start));
    return 0;
}
