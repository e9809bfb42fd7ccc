#include "capture/read_capture.h"

#include <vector>

#include "capture/session_table.h"

namespace tcpwitness {

namespace {

constexpr std::size_t per_batch = 256;
constexpr std::uint64_t progress_every = 256;  // batches

/// The next packets, decoded; `more` turns false at the end of the file. The bytes of all but the last one are gone.
Result<std::size_t> fill(CaptureReader& reader, std::vector<DecodedPacket>& batch, bool& more) {
    std::size_t count = 0;
    while (count < batch.size()) {
        auto& [captured, packet, hash] = batch[count];
        const auto read = reader.next(captured);
        if (!read) return read.error();
        more = *read;
        if (!more) break;
        ++count;
        decode_packet(captured.link_type, captured.data, captured.original_length, packet);
        if (packet.kind == Packet::Kind::echo_request) break;  // whose bytes may tell of a marker
        hash = SessionTable::hash_of(packet);
    }
    return count;
}

}  // namespace

Result<CaptureStory> read_capture(ByteSource& bytes, CaptureOptions options, const CaptureProgress& progress) {
    auto reader = open_capture(bytes);
    if (!reader) return reader.error();
    CaptureAnalyzer analyzer(std::move(options));
    std::vector<DecodedPacket> batch(per_batch);
    bool more = true;
    for (std::uint64_t count = 1; more; ++count) {
        const auto filled = fill(**reader, batch, more);
        if (!filled) return filled.error();
        analyzer.add({batch.data(), *filled});
        if (progress && count % progress_every == 0) progress((*reader)->offset());
    }
    return analyzer.finish(**reader);
}

}  // namespace tcpwitness
