#include "parsers/packet_text.h"

#include "input.h"
#include "parsers/pasted_text.h"
#include "parsers/text_lines.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace tcpwitness;
    const std::string_view text = fuzz::bytes(data, size);
    const std::string utf8 = to_utf8(text);
    (void)is_packet_text(utf8);
    if (is_marked_up(utf8)) (void)is_packet_text(without_markup(utf8));
    ViewSource source(text);
    if (const auto traces = decode_packet_text(source))
        for (const auto& trace : *traces) fuzz::touch(trace);
    return 0;
}
