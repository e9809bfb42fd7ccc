#include "capture/read_capture.h"

namespace tcpwitness {

Result<CaptureStory> read_capture(ByteSource& bytes, CaptureOptions options, const CaptureProgress& progress) {
    auto reader = open_capture(bytes);
    if (!reader) return reader.error();
    CaptureAnalyzer analyzer(std::move(options));
    CapturedPacket captured;
    Packet packet;
    constexpr std::uint64_t progress_every = 1u << 16;
    for (std::uint64_t count = 1;; ++count) {
        const auto more = (*reader)->next(captured);
        if (!more) return more.error();
        if (!*more) break;
        decode_packet(captured.link_type, captured.data, captured.original_length, packet);
        analyzer.add(captured, packet);
        if (progress && count % progress_every == 0) progress((*reader)->offset());
    }
    return analyzer.finish(**reader);
}

}  // namespace tcpwitness
