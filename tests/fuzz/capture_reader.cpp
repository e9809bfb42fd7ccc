// pcap and pcapng, packet by packet.
#include "parsers/capture_reader.h"

#include "input.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace tcpwitness;
    ViewSource source(fuzz::bytes(data, size));
    auto reader = open_capture(source);
    if (!reader) {
        fuzz::require(!reader.error().message.empty());
        return 0;
    }
    CapturedPacket packet;
    std::uint64_t frame = 0;
    while (true) {
        const auto more = (*reader)->next(packet);
        if (!more || !*more) break;
        fuzz::touch(packet.data);
        for (const std::string_view comment : packet.comments) fuzz::touch(comment);
        fuzz::require(packet.interface < (*reader)->interfaces().size() && packet.frame > frame);
        frame = packet.frame;
    }
    fuzz::touch((*reader)->cut_note());
    fuzz::touch((*reader)->software());
    return 0;
}
