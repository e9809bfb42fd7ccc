#include "case/exhibit.h"

#include <algorithm>
#include <utility>

#include "base/parallel.h"
#include "case/events_among_packets.h"
#include "case/packets_replayed.h"
#include "sources/source_file.h"

namespace tcpwitness {

namespace {

constexpr std::uint64_t worth_a_thread = 64u << 20;  // bytes

/// More threads read a large capture that can be opened more than once.
Result<CaptureStory> read_capture_file(const SourceFile& opened, const CaptureOptions& how, const CaptureProgress& progress) {
    const std::uint64_t useful = std::min<std::uint64_t>(opened.plain_size / worth_a_thread, spare_processors());
    std::vector<SourceFile> others;
    std::vector<ByteSource*> copies{opened.bytes.get()};
    while (copies.size() < useful) {
        auto again = open_source(opened.path);
        if (!again) return again.error();
        copies.push_back(again->bytes.get());
        others.push_back(std::move(*again));
    }
    auto capture = read_capture(copies, how, progress);
    if (!capture) return capture.context(opened.name);
    return capture;
}

}  // namespace

Exhibit exhibit_of(Trace trace) {
    Exhibit exhibit;
    exhibit.info = std::move(trace.info);
    exhibit.events = std::move(trace.events);
    return exhibit;
}

Result<std::vector<Exhibit>> read_exhibits(const std::string& file, const ExhibitOptions& options) {
    auto opened = open_source(file);
    if (!opened) return opened.error();
    CaptureOptions how;
    how.keep_all_control = !options.alone;
    how.local = options.own_addresses;
    std::vector<Exhibit> exhibits;
    if (is_capture(opened->source->kind)) {
        auto capture = read_capture_file(*opened, how, options.progress);
        if (!capture) return capture.error();
        exhibits.push_back(exhibit_of(std::move(*capture)));
    } else {
        ReadOptions reading = options.reading;
        if (options.own_addresses.size() == 1) reading.own_addresses = options.own_addresses.front();  // of several, the text itself tells which
        auto traces = read_traces(*opened, reading);
        if (!traces) return traces.error();
        for (ReadTrace& one : *traces) {
            Exhibit& exhibit = exhibits.emplace_back(packets_alone(one.trace) ? exhibit_of(replay_packets(std::move(one.trace), how)) : exhibit_of(std::move(one.trace)));
            exhibit.log = one.kind == SourceKind::sip_log;
        }
    }
    if (file != "-")
        for (Exhibit& exhibit : exhibits) exhibit.info.file = file;
    return exhibits;
}

Exhibit exhibit_of(CaptureStory capture) {
    if (capture.host_events) return exhibit_with_events(std::move(capture));
    Exhibit exhibit;
    exhibit.info = std::move(capture.info);
    exhibit.info.meta["capture.packets"] = std::to_string(capture.packets);
    exhibit.info.sessions_not_listed = capture.not_listed;
    exhibit.info.foreign_packets += capture.packets - capture.tcp_packets;
    exhibit.connections = std::move(capture.connections);
    exhibit.packets = capture.packets;
    exhibit.unmatched = std::move(capture.unmatched);
    return exhibit;
}

}  // namespace tcpwitness
