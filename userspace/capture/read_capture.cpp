#include "capture/read_capture.h"

#include <vector>

#include "base/parallel.h"
#include "capture/session_table.h"
#include "parsers/joined_captures.h"

namespace tcpwitness {

namespace {

constexpr std::size_t per_batch = 256;
constexpr std::uint64_t progress_every = 256;  // batches

/// Reads a whole capture and has those sessions judged that are its part, by their hash.
class PartReader {
public:
    PartReader(std::unique_ptr<CaptureReader> reader, CaptureOptions options, std::uint32_t part, std::uint32_t parts)
        : analyzer(std::move(options)), reader_(std::move(reader)), batch_(per_batch), part_(part), parts_(parts) {}

    Status read(const CaptureProgress& progress) {
        bool more = true;
        for (std::uint64_t count = 1; more; ++count) {
            const auto filled = fill(more);
            if (!filled) return filled.error();
            analyzer.add({batch_.data(), *filled});
            if (progress && count % progress_every == 0) progress(reader_->offset());
        }
        return success();
    }

    const CaptureReader& reader() const { return *reader_; }

    CaptureAnalyzer analyzer;

private:
    /// The next packets, decoded; `more` turns false at the end of the file. The bytes of all but the last one are gone.
    Result<std::size_t> fill(bool& more) {
        std::size_t count = 0;
        while (count < batch_.size()) {
            auto& [captured, packet, hash] = batch_[count];
            const auto read = reader_->next(captured);
            if (!read) return read.error();
            more = *read;
            if (!more) break;
            decode_packet(captured.link_type, captured.data, captured.original_length, packet);
            hash = SessionTable::hash_of(packet);
            if (parts_ > 1 && hash % parts_ != part_) continue;
            ++count;
            if (packet.kind == Packet::Kind::echo_request) break;  // whose bytes may tell of a marker
        }
        return count;
    }

    std::unique_ptr<CaptureReader> reader_;
    std::vector<DecodedPacket> batch_;
    std::uint32_t part_, parts_;
};

}  // namespace

Result<CaptureStory> read_capture(std::span<const CaptureFiles> copies, const CaptureOptions& options, const CaptureProgress& progress) {
    const auto count = static_cast<std::uint32_t>(copies.size());
    CaptureOptions share = options;
    share.max_live /= count;
    share.max_listed /= count;
    share.keep_packets /= count;
    std::vector<PartReader> parts;
    for (std::uint32_t i = 0; i < count; ++i) {
        std::vector<CapturePartFile> files;
        for (const CaptureFile& file : copies[i]) {
            auto reader = open_capture(*file.bytes);
            if (!reader) return copies[i].size() > 1 ? reader.context(file.name) : reader.error();
            files.push_back({file.name, std::move(*reader)});
        }
        parts.emplace_back(join_captures(std::move(files)), share, i, count);
    }
    std::vector<Status> results(count, success());
    in_parallel(count, count, [&](std::size_t i) { results[i] = parts[i].read(i == 0 ? progress : CaptureProgress{}); });
    for (const Status& result : results)
        if (!result) return result.error();
    std::vector<CaptureAnalyzer> analyzers;
    for (PartReader& part : parts) analyzers.push_back(std::move(part.analyzer));
    return CaptureAnalyzer::finish(analyzers, parts.front().reader());
}

}  // namespace tcpwitness
