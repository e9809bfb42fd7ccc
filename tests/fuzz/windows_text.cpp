#include "parsers/windows_text.h"

#include "input.h"
#include "parsers/text_lines.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace tcpwitness;
    const std::string_view text = fuzz::bytes(data, size);
    (void)is_windows_text(to_utf8(text));
    ViewSource source(text);
    if (const auto trace = decode_windows_text(source)) fuzz::touch(*trace);
    return 0;
}
