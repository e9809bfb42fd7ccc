#include "cli/capture_story.h"

#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include "base/text.h"
#include "capture/read_capture.h"
#include "correlate/correlator.h"
#include "sources/message_log.h"

namespace tcpwitness {

namespace {

/// 0 = not known: a pipe, or a compressed file, which grows as it is read.
std::uint64_t size_of(const std::string& file) {
    struct stat status;
    if (::stat(file.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return 0;
    return static_cast<std::uint64_t>(status.st_size);
}

CaptureProgress progress_of(const std::string& file) {
    if (!isatty(STDERR_FILENO)) return {};
    return [name = printable(file), size = size_of(file), told = std::uint64_t{0}](std::uint64_t offset) mutable {
        constexpr std::uint64_t million = 1'000'000;
        if (offset / (16 * million) == told) return;
        told = offset / (16 * million);
        if (size >= offset)
            fmt::print(stderr, "\r{}: {} of {} MB read ", name, offset / million, size / million);
        else
            fmt::print(stderr, "\r{}: {} MB read ", name, offset / million);
    };
}

}  // namespace

Result<Story> capture_story(SourceFile& file, const std::vector<Trace>& logs) {
    const CaptureProgress progress = progress_of(file.name);
    auto capture = read_capture(*file.bytes, {}, progress);
    if (progress) fmt::print(stderr, "\r\x1b[K");
    if (!capture) return capture.context(file.name);
    return story_of(std::move(*capture), logs);
}

Story story_of(CaptureStory capture, const std::vector<Trace>& logs) {
    capture.info.meta["capture.packets"] = std::to_string(capture.packets);
    capture.info.meta["capture.not_listed"] = std::to_string(capture.not_listed);
    capture.info.foreign_packets = capture.packets - capture.tcp_packets;
    const std::uint64_t first = capture.info.started_ns, last = capture.info.ended_ns;
    std::uint64_t id = capture.packets;  // a packet's event has its frame's number
    Correlator correlator(std::move(capture.info), Limits::offline());
    correlator.adopt(std::move(capture.connections));
    for (const Trace& log : logs)
        for (Event& message : messages_of(log, first, last)) {
            message.id = ++id;
            correlator.add(std::move(message));
        }
    Story story = std::move(correlator.finish());
    for (Event& event : capture.unmatched) story.add_unmatched(std::move(event));
    return story;
}

}  // namespace tcpwitness
