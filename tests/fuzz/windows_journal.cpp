#include "parsers/windows_journal.h"

#include "input.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace tcpwitness;
    ViewSource source(fuzz::bytes(data, size));
    if (const auto trace = decode_windows_journal(source)) fuzz::touch(*trace);
    return 0;
}
