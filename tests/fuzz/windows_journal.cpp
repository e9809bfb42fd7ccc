// Journal blocks among the packets of a capture.
#include "parsers/capture_reader.h"

#include "input.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace tcpwitness;
    ViewSource source(fuzz::bytes(data, size));
    const auto reader = open_capture(source);
    if (!reader) return 0;
    CapturedPacket packet;
    for (auto more = (*reader)->next(packet); more && *more; more = (*reader)->next(packet)) {
    }
    for (const Address& own : (*reader)->own_addresses()) fuzz::touch(own.text());
    if (const auto trace = (*reader)->host_events()) fuzz::touch(*trace);
    return 0;
}
