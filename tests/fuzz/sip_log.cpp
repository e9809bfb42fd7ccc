#include "parsers/sip_log.h"

#include "input.h"
#include "parsers/text_lines.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace tcpwitness;
    const std::string_view text = fuzz::bytes(data, size);
    (void)is_sip_log(to_utf8(text));
    ViewSource source(text);
    if (const auto trace = decode_sip_log(source)) fuzz::touch(*trace);
    return 0;
}
